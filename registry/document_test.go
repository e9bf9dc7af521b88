package registry

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"testing"
)

// seeds are documents of each kind, good and odd.
func seeds(f *testing.F) {
	for _, text := range []string{
		"", "null", "{}", "[]", `{"schemaVersion":1,"fsLayers":[]}`,
		`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"` + someDigest + `","platform":{"os":"linux","architecture":"amd64"}}]}`,
		`{"schemaVersion":2,"config":{"digest":"` + someDigest + `","size":1},"layers":[{"digest":"` + someDigest + `","size":2}],"subject":{"digest":"` + someDigest + `","size":2}}`,
		`{"os":"linux","architecture":"amd64","history":[{"created_by":"x","empty_layer":true}],"rootfs":{"type":"layers","diff_ids":["` + someDigest + `"]}}`,
		`[{"Config":"x.json","RepoTags":["a:b"],"Layers":["y/layer.tar"]}]`,
	} {
		f.Add([]byte(text))
	}
}

func FuzzParseDocument(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := parseDocument(data)
		if err != nil {
			return
		}
		if (doc.index == nil) == (doc.manifest == nil) {
			t.Fatal("it is not exactly one of index and manifest")
		}
		isCompanionManifest(doc, false)
		doc.subject()
		doc.artifactType()
		ownMediaType(data)
		if doc.index != nil {
			_, _ = choose(doc.index, defaultPlatform(), func(string) bool { return true })
		}
	})
}

func FuzzParseConfig(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		img := &Image{Config: Part{Bytes: data, Digest: digestOf(data)}}
		img.readConfig()
		if img.ConfigFile == nil && img.Config.Problem == "" {
			t.Fatal("no config and no problem")
		}
		img.History()
	})
}

func FuzzParseDockerManifest(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseDockerManifest(data)
		if err == nil && len(entries) == 0 {
			t.Fatal("no entries and no error")
		}
		for _, e := range entries {
			if digest := e.configDigest(); digest != "" && !IsDigest(digest) {
				t.Fatalf("digest %q", digest)
			}
		}
	})
}

func FuzzParseReferrers(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		found, _ := parseReferrers(data)
		for _, d := range found {
			if !IsDigest(hashString(d.Digest)) {
				t.Fatalf("digest %q", d.Digest)
			}
		}
	})
}

func FuzzIndexTar(f *testing.F) {
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for _, h := range []tar.Header{
		{Name: "./a", Size: 3}, {Name: "../b", Typeflag: tar.TypeSymlink, Linkname: "a"}, {Name: "c", Typeflag: tar.TypeLink, Linkname: "b"},
	} {
		_ = tw.WriteHeader(&h)
		_, _ = tw.Write(bytes.Repeat([]byte("x"), int(h.Size)))
	}
	_ = tw.Close()
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		members, err := indexTar(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		archive := &tarFiles{members: members, file: struct {
			io.ReaderAt
			io.Closer
		}{bytes.NewReader(data), io.NopCloser(nil)}}
		for name := range members {
			r, size, err := archive.open(name)
			if err != nil {
				if !errors.Is(err, ErrNotFound) {
					t.Fatal(err)
				}
				continue
			}
			if got, err := io.Copy(io.Discard, r); err != nil || got != size || size > int64(len(data)) {
				t.Fatalf("%s: %d of %d bytes, %v", name, got, size, err)
			}
		}
	})
}
