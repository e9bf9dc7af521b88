package registry

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ggcrlayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layerDigests reads all layers of an image and hashes them.
func layerDigests(t *testing.T, c *Client, img *Image) []string {
	t.Helper()
	var out []string
	for _, l := range img.Layers {
		r, err := c.Layer(context.Background(), img, l.Number)
		check(t, err)
		h := sha256.New()
		_, err = io.Copy(h, r)
		check(t, err)
		check(t, r.Close())
		out = append(out, "sha256:"+hex.EncodeToString(h.Sum(nil)))
	}
	return out
}

func claimed(img *Image) []string {
	var out []string
	for _, l := range img.Layers {
		out = append(out, l.Digest())
	}
	return out
}

// listed are the platforms that the index of an image offers.
func listed(img *Image) []v1.Platform {
	var out []v1.Platform
	for _, c := range img.Candidates {
		out = append(out, c.Platform)
	}
	return out
}

func TestResolveLayout(t *testing.T) {
	index, forAMD, forARM := indexOf(t)
	dir := layoutOf(t, func(p ggcrlayout.Path) { check(t, p.AppendIndex(index, refName("v1"))) })
	file := tarDir(t, dir)
	c := client(t)
	for _, text := range []string{"oci:" + dir, "oci:" + dir + ":v1", dir, "oci:" + dir + "@" + digestIn(t, index), "oci-archive:" + file, file + ":v1"} {
		t.Run(text[:4], func(t *testing.T) {
			img, err := c.Resolve(context.Background(), parse(t, text), v1.Platform{})
			check(t, err)
			if img.Index.Digest != digestIn(t, index) || img.Digest() != digestIn(t, forAMD) {
				t.Errorf("index %s, manifest %s", img.Index.Digest, img.Digest())
			}
			if part, bad := img.Problem(); bad {
				t.Errorf("problem %s: %s", part.Problem, part.Detail)
			}
			if diff := cmp.Diff([]v1.Platform{arm64, amd64}, listed(img)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(claimed(img), layerDigests(t, c, img)); diff != "" {
				t.Error(diff)
			}
			if len(img.History()) != 2 || img.Layers[1].DiffID == "" || len(img.Names) != 1 {
				t.Errorf("history %v, layers %v, names %v", img.History(), img.Layers, img.Names)
			}
		})
	}
	img, err := c.Resolve(context.Background(), parse(t, "oci:"+dir), v1.Platform{OS: "linux", Architecture: "arm64"})
	check(t, err)
	if img.Digest() != digestIn(t, forARM) || img.Platform.Architecture != "arm64" {
		t.Errorf("arm64 is %s, %s", img.Digest(), img.Platform)
	}
}

func TestPlatformThatIsNotThere(t *testing.T) {
	index, _, _ := indexOf(t)
	dir := layoutOf(t, func(p ggcrlayout.Path) { check(t, p.AppendIndex(index)) })
	_, err := client(t).Resolve(context.Background(), parse(t, dir), v1.Platform{OS: "windows", Architecture: "amd64"})
	var platform *PlatformError
	if !errors.As(err, &platform) || !strings.Contains(err.Error(), "linux/arm64/v8, linux/amd64") {
		t.Fatalf("got %v", err)
	}
}

// Layouts often hold one platform of the index only. What they do not hold is not missing.
func TestLayoutHoldsOnePlatform(t *testing.T) {
	index, forAMD, forARM := indexOf(t)
	dir := layoutOf(t, func(p ggcrlayout.Path) { check(t, p.AppendIndex(index)) })
	check(t, os.Remove(blobFile(dir, digestIn(t, forAMD))))
	img, err := client(t).Resolve(context.Background(), parse(t, dir), v1.Platform{})
	check(t, err)
	if img.Digest() != digestIn(t, forARM) {
		t.Fatalf("got %s", img.Platform)
	}
	check(t, os.Remove(blobFile(dir, digestIn(t, forARM))))
	img, err = client(t).Resolve(context.Background(), parse(t, dir), v1.Platform{})
	check(t, err)
	if img.Digest() != digestIn(t, forAMD) || img.Manifest.Problem != ProblemMissing {
		t.Fatalf("with no child there: %s %s", img.Digest(), img.Manifest.Problem)
	}
}

func TestSeveralImages(t *testing.T) {
	one, two := imageOf(t, amd64, "one"), imageOf(t, amd64, "two")
	dir := layoutOf(t, func(p ggcrlayout.Path) {
		check(t, p.AppendImage(one, refName("example.com/one:v1")))
		check(t, p.AppendImage(two))
	})
	c := client(t)
	_, err := c.Resolve(context.Background(), parse(t, "oci:"+dir), v1.Platform{})
	var ambiguous *AmbiguousError
	if !errors.As(err, &ambiguous) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff([]string{"example.com/one:v1", digestIn(t, two)}, ambiguous.Names); diff != "" {
		t.Error(diff)
	}
	for _, tag := range []string{":example.com/one:v1", ":v1", ":one:v1", "@" + digestIn(t, one)} {
		img, err := c.Resolve(context.Background(), parse(t, "oci:"+dir+tag), v1.Platform{})
		if err != nil || img.Digest() != digestIn(t, one) {
			t.Errorf("%s: %v", tag, err)
		}
	}
	if _, err := c.Resolve(context.Background(), parse(t, "oci:"+dir+":v2"), v1.Platform{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a tag that is not there: %v", err)
	}
}

// What says something of the image lies beside it in several forms, and is not another image.
func TestCompanionsAreNoImages(t *testing.T) {
	image := imageOf(t, amd64, "one")
	digest := digestIn(t, image)
	hash, err := v1.NewHash(digest)
	check(t, err)
	referrer, ok := mutate.Subject(aboutOf(t, "application/vnd.example.report+json", "ref"), v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: hash, Size: 7}).(v1.Image)
	if !ok {
		t.Fatal("no referrer")
	}
	kind := func(text string) ggcrlayout.Option {
		return ggcrlayout.WithAnnotations(map[string]string{AnnotationKind: text})
	}
	signature, envelope := types.MediaType("application/vnd.dev.cosign.simplesigning.v1+json"), types.MediaType("application/vnd.dsse.envelope.v1+json")
	dir := layoutOf(t, func(p ggcrlayout.Path) {
		check(t, p.AppendImage(aboutOf(t, signature, "sig"), kind(KindSignatures)))
		check(t, p.AppendImage(aboutOf(t, envelope, "att"), kind(KindAttestations)))
		check(t, p.AppendImage(aboutOf(t, signature, "tag"), refName(strings.Replace(digest, ":", "-", 1)+".sig")))
		check(t, p.AppendImage(aboutOf(t, "application/vnd.example+json", "tags"), refName(strings.Replace(digest, ":", "-", 1))))
		check(t, p.AppendImage(referrer))
		check(t, p.AppendImage(image))
	})
	c, loc := client(t), parse(t, "oci:"+dir)
	img, err := c.Resolve(context.Background(), loc, v1.Platform{})
	check(t, err)
	if img.Digest() != digest {
		t.Errorf("got %s", img.Digest())
	}
	all, err := c.LayoutDescriptors(context.Background(), loc)
	if err != nil || len(all) != 6 {
		t.Errorf("%d descriptors, %v", len(all), err)
	}
	found, err := c.LayoutReferrers(context.Background(), loc, digest)
	if err != nil || len(found) != 1 || found[0].Digest.String() != digestIn(t, referrer) {
		t.Errorf("referrers %v, %v", found, err)
	}
	part, err := c.Manifest(context.Background(), loc, strings.Replace(digest, ":", "-", 1)+".sig")
	if err != nil || !part.Holds() {
		t.Errorf("signature by tag: %v %v", part.Problem, err)
	}
	if _, err := c.Manifest(context.Background(), loc, strings.Replace(digest, ":", "-", 1)+".att"); !errors.Is(err, ErrNotFound) {
		t.Errorf("attestation by tag: %v", err)
	}
}

// A mark is the author's text: what has the layers of a file system can run, so it is named beside the others.
func TestAMarkHidesNoImage(t *testing.T) {
	plain, odd := imageOf(t, amd64, "plain"), imageOf(t, amd64, "odd")
	hash, err := plain.Digest()
	check(t, err)
	withSubject, ok := mutate.Subject(odd, v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: hash, Size: 7}).(v1.Image)
	if !ok {
		t.Fatal("no image with a subject")
	}
	for name, add := range map[string]func(p ggcrlayout.Path) error{
		"kind of cosign": func(p ggcrlayout.Path) error {
			return p.AppendImage(odd, ggcrlayout.WithAnnotations(map[string]string{AnnotationKind: KindSignatures}))
		},
		"a tag of cosign": func(p ggcrlayout.Path) error {
			return p.AppendImage(odd, refName(strings.Replace(hash.String(), ":", "-", 1)+".sig"))
		},
		"BuildKit's annotation": func(p ggcrlayout.Path) error {
			return p.AppendImage(odd, ggcrlayout.WithAnnotations(map[string]string{annotationReferenceType: attestationManifest}))
		},
		"a subject": func(p ggcrlayout.Path) error { return p.AppendImage(withSubject) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := layoutOf(t, func(p ggcrlayout.Path) {
				check(t, p.AppendImage(plain))
				check(t, add(p))
			})
			_, err := client(t).Resolve(t.Context(), parse(t, "oci:"+dir), v1.Platform{})
			var several *AmbiguousError
			if !errors.As(err, &several) || len(several.Names) != 2 {
				t.Errorf("got %v, want two images", err)
			}
		})
	}
}

func TestDamagedParts(t *testing.T) {
	index, image, _ := indexOf(t)
	manifest, err := image.Manifest()
	check(t, err)
	for _, test := range []struct {
		name   string
		damage func(dir string)
		part   func(*Image) Part
		want   Problem
	}{
		{"altered index", func(dir string) { alter(t, blobFile(dir, digestIn(t, index))) }, func(i *Image) Part { return i.Index }, ProblemDigest},
		{"missing index", func(dir string) { check(t, os.Remove(blobFile(dir, digestIn(t, index)))) }, func(i *Image) Part { return i.Index }, ProblemMissing},
		{"altered manifest", func(dir string) { alter(t, blobFile(dir, digestIn(t, image))) }, func(i *Image) Part { return i.Manifest }, ProblemDigest},
		{"cut manifest", func(dir string) { check(t, os.Truncate(blobFile(dir, digestIn(t, image)), 10)) }, func(i *Image) Part { return i.Manifest }, ProblemDigest},
		{"altered config", func(dir string) { alter(t, blobFile(dir, manifest.Config.Digest.String())) }, func(i *Image) Part { return i.Config }, ProblemDigest},
		{"missing config", func(dir string) { check(t, os.Remove(blobFile(dir, manifest.Config.Digest.String()))) }, func(i *Image) Part { return i.Config }, ProblemMissing},
		{"index is a link out of the layout", func(dir string) {
			outside := filepath.Join(t.TempDir(), "secret")
			check(t, os.Rename(blobFile(dir, digestIn(t, index)), outside))
			check(t, os.Symlink(outside, blobFile(dir, digestIn(t, index))))
		}, func(i *Image) Part { return i.Index }, ProblemMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := layoutOf(t, func(p ggcrlayout.Path) { check(t, p.AppendIndex(index)) })
			test.damage(dir)
			img, err := client(t).Resolve(context.Background(), parse(t, dir), v1.Platform{OS: "linux", Architecture: "amd64"})
			check(t, err)
			part := test.part(img)
			if part.Problem != test.want || part.Holds() || !part.Present() || part.Detail == "" {
				t.Errorf("got %q (%s)", part.Problem, part.Detail)
			}
			if first, bad := img.Problem(); !bad || first.Problem != test.want {
				t.Errorf("first problem is %q", first.Problem)
			}
		})
	}
}

// alter changes one byte of a file.
func alter(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	check(t, err)
	data[len(data)/2] ^= 1
	check(t, os.WriteFile(path, data, 0o600))
}

// handmade writes a layout of one manifest from texts, with whatever they claim.
func handmade(t *testing.T, manifest, config string) string {
	t.Helper()
	dir := t.TempDir()
	put := func(text string) string {
		digest := digestOf([]byte(text))
		check(t, os.MkdirAll(filepath.Dir(blobFile(dir, digest)), 0o700))
		check(t, os.WriteFile(blobFile(dir, digest), []byte(text), 0o600))
		return digest
	}
	manifest = strings.ReplaceAll(manifest, "CONFIG", put(config))
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []map[string]any{{
		"mediaType": types.OCIManifestSchema1, "digest": put(manifest), "size": len(manifest),
	}}})
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "index.json"), index, 0o600))
	return dir
}

func TestHandmade(t *testing.T) {
	const layer = `{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":3,"digest":"sha256:abababababababababababababababababababababababababababababababab"}`
	manifest := func(layers string) string {
		return `{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"CONFIG","size":-0},"layers":[` + layers + `]}`
	}
	sized := func(text, config string) string {
		return strings.Replace(text, "-0", itoa(len(config)), 1)
	}
	good := `{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["` + someDigest + `"]}}`
	for _, test := range []struct {
		name, manifest, config   string
		wantManifest, wantConfig Problem
		notThere                 bool
	}{
		{name: "good", manifest: sized(manifest(layer), good), config: good},
		{name: "more layers than diff IDs", manifest: sized(manifest(layer+","+layer), good), config: good, wantConfig: ProblemLayerCount},
		{name: "fewer", manifest: sized(manifest(""), good), config: good, wantConfig: ProblemLayerCount},
		{name: "config of another size", manifest: strings.Replace(manifest(layer), "-0", "5", 1), config: good, wantConfig: ProblemSize},
		{name: "config is no JSON", manifest: sized(manifest(layer), "{"), config: "{", wantConfig: ProblemMalformed},
		{name: "config is null", manifest: sized(manifest(layer), "null"), config: "null", wantConfig: ProblemMalformed},
		{name: "manifest is no JSON", manifest: "{{", wantManifest: ProblemMalformed},
		{name: "manifest is empty", manifest: "{}", wantManifest: ProblemMalformed},
		{name: "manifest is an index too", manifest: `{"schemaVersion":2,"manifests":[],"layers":[]}`, wantManifest: ProblemMalformed},
		{name: "digest of another form", manifest: `{"config":{"digest":"sha256:12","size":1},"layers":[]}`, wantManifest: ProblemMalformed},
		{name: "negative size", manifest: strings.Replace(manifest(layer), "-0", "-7", 1), config: good, wantManifest: ProblemMalformed},
		{name: "too many layers", manifest: sized(manifest(strings.Repeat(layer+",", MaxLayers)+layer), good), config: good, wantManifest: ProblemLimit},
		{name: "huge config", manifest: strings.Replace(manifest(layer), "-0", "9000000000", 1), config: good, wantConfig: ProblemLimit},
		{name: "manifest is null", manifest: "null", notThere: true},
		{name: "a chart", manifest: `{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"CONFIG","size":2},"layers":[]}`, config: "{}", notThere: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := handmade(t, test.manifest, test.config)
			img, err := client(t).Resolve(context.Background(), parse(t, dir), v1.Platform{})
			if test.notThere {
				if !errors.Is(err, ErrNotFound) {
					t.Fatalf("got %v", err)
				}
				return
			}
			check(t, err)
			if img.Manifest.Problem != test.wantManifest || img.Config.Problem != test.wantConfig {
				t.Errorf("manifest %q (%s), config %q (%s)", img.Manifest.Problem, img.Manifest.Detail, img.Config.Problem, img.Config.Detail)
			}
		})
	}
}

func itoa(n int) string {
	data, _ := json.Marshal(n)
	return string(data)
}

func TestNothingThere(t *testing.T) {
	empty := t.TempDir()
	with := func(name, text string) string {
		dir := t.TempDir()
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		return dir
	}
	c := client(t)
	for name, path := range map[string]string{
		"no such path":          filepath.Join(empty, "nothing"),
		"an empty directory":    empty,
		"no index":              with("oci-layout", `{"imageLayoutVersion":"1.0.0"}`),
		"null index":            with("index.json", "null"),
		"empty index":           with("index.json", `{"schemaVersion":2,"manifests":[]}`),
		"a manifest as index":   with("index.json", `{"layers":[]}`),
		"null docker manifest":  with("manifest.json", "null"),
		"docker manifest of []": with("manifest.json", "[]"),
		"docker list of null":   with("manifest.json", "[null]"),
		"no tar":                filepath.Join(with("file", "hello"), "file"),
	} {
		_, err := c.Resolve(context.Background(), parse(t, path), v1.Platform{})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDockerSave(t *testing.T) {
	image := imageOf(t, amd64, "one", "two")
	config, err := image.ConfigName()
	check(t, err)
	path := filepath.Join(t.TempDir(), "save.tar")
	tag, err := name.NewTag("example.com/app:v1")
	check(t, err)
	check(t, tarball.WriteToFile(path, tag, image))
	plain, err := os.ReadFile(path)
	check(t, err)
	packed := path + ".gz"
	check(t, os.WriteFile(packed, gzipped(t, plain), 0o600))

	for _, text := range []string{"docker-archive:" + path, "docker-archive:" + packed, path, path + ":example.com/app:v1", packed + ":v1"} {
		c := client(t)
		img, err := c.Resolve(context.Background(), parse(t, text), v1.Platform{})
		check(t, err)
		if part, bad := img.Problem(); bad {
			t.Errorf("%s: %s %s", text, part.Problem, part.Detail)
		}
		if img.Digest() != "" || img.Config.Digest != config.String() || img.Location.Kind != KindDockerArchive {
			t.Errorf("%s: manifest %q, config %q, %s", text, img.Digest(), img.Config.Digest, img.Location.Kind)
		}
		if diff := cmp.Diff([]string{"example.com/app:v1"}, img.Names); diff != "" {
			t.Error(diff)
		}
		layers, err := image.Layers()
		check(t, err)
		for i, digest := range layerDigests(t, c, img) { // go-containerregistry saves layers as gzip
			if digest != digestIn(t, layers[i]) || img.Layers[i].DiffID == "" {
				t.Errorf("%s: layer %d is %s", text, i, digest)
			}
		}
		if entries, _ := os.ReadDir(c.Store().tempDir()); len(entries) > 0 {
			t.Errorf("left behind: %v", entries)
		}
	}
}

// Old versions of docker save write a folder for each layer and link those that are the same.
func TestDockerSaveWithLinks(t *testing.T) {
	layer := string(tarOf(t, "file", "one"))
	diffID := digestOf([]byte(layer))
	config := `{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["` + diffID + `","` + diffID + `"]}}`
	path := filepath.Join(t.TempDir(), "save.tar")
	f, err := os.Create(path)
	check(t, err)
	tw := tar.NewWriter(f)
	file := func(name, text string) {
		check(t, tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}))
		_, err := tw.Write([]byte(text))
		check(t, err)
	}
	link := func(name, target string) {
		check(t, tw.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}))
	}
	file("aaa/layer.tar", layer)
	link("bbb/layer.tar", "../aaa/layer.tar")
	link("ccc/layer.tar", "../ccc/layer.tar")
	link("ddd/layer.tar", "../../../../etc/passwd")
	file("0123.json", config)
	file("manifest.json", `[{"Config":"0123.json","Layers":["aaa/layer.tar","bbb/layer.tar"]},
		{"Config":"0123.json","RepoTags":["x:ccc"],"Layers":["ccc/layer.tar","ddd/layer.tar"]}]`)
	check(t, tw.Close())
	check(t, f.Close())

	c := client(t)
	_, err = c.Resolve(context.Background(), parse(t, path), v1.Platform{})
	var ambiguous *AmbiguousError
	if !errors.As(err, &ambiguous) {
		t.Fatalf("two images: %v", err)
	}
	opened, err := c.locals.get(context.Background(), parse(t, path))
	check(t, err)
	opened.docker.entries[0].RepoTags = []string{"x:aaa"}
	img, err := c.Resolve(context.Background(), parse(t, path+":aaa"), v1.Platform{})
	check(t, err)
	if diff := cmp.Diff([]string{diffID, diffID}, layerDigests(t, c, img)); diff != "" {
		t.Error(diff)
	}
	img, err = c.Resolve(context.Background(), parse(t, path+":ccc"), v1.Platform{})
	check(t, err)
	for i := range img.Layers {
		if _, err := c.Layer(context.Background(), img, i); !errors.Is(err, ErrNotFound) {
			t.Errorf("layer %d: %v", i, err)
		}
	}
}

// Docker 25 wrote an index that lists nothing beside the manifest.json that lists the image.
func TestDockerSaveBesideAnEmptyIndex(t *testing.T) {
	layer := string(tarOf(t, "file", "one"))
	config := `{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["` + digestOf([]byte(layer)) + `"]}}`
	const index = `{"schemaVersion":2,"manifests":[]}`
	dir := t.TempDir()
	both, alone := filepath.Join(dir, "both.tar"), filepath.Join(dir, "alone.tar")
	check(t, os.WriteFile(both, tarOf(t, "index.json", index, "layer.tar", layer, "config.json", config, "manifest.json", `[{"Config":"config.json","Layers":["layer.tar"]}]`), 0o600))
	check(t, os.WriteFile(alone, tarOf(t, "index.json", index), 0o600))
	c := client(t)
	img, err := c.Resolve(context.Background(), parse(t, "docker-archive:"+both), v1.Platform{})
	check(t, err)
	if diff := cmp.Diff([]string{digestOf([]byte(layer))}, layerDigests(t, c, img)); diff != "" || img.Location.Kind != KindDockerArchive {
		t.Errorf("%s%s", img.Location.Kind, diff)
	}
	if _, err := c.Resolve(context.Background(), parse(t, alone), v1.Platform{}); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "no image") {
		t.Errorf("an empty index alone: %v", err)
	}
}

// An archive that was cut off is a case: what is there is read, and the rest is missing.
func TestCutArchives(t *testing.T) {
	image := imageOf(t, amd64, "one", "two")
	dir := layoutOf(t, func(p ggcrlayout.Path) { check(t, p.AppendImage(image)) })
	whole, err := os.ReadFile(tarDir(t, dir))
	check(t, err)
	for cut := 0; cut < len(whole); cut += 256 {
		path := filepath.Join(t.TempDir(), "cut.tar")
		check(t, os.WriteFile(path, whole[:cut], 0o600))
		c := client(t)
		img, err := c.Resolve(context.Background(), parse(t, path), v1.Platform{})
		if err != nil {
			continue
		}
		for i := range img.Layers {
			if r, err := c.Layer(context.Background(), img, i); err == nil {
				_, _ = io.Copy(io.Discard, r)
				_ = r.Close()
			} else if !errors.Is(err, ErrNotFound) {
				t.Errorf("cut at %d: layer %d: %v", cut, i, err)
			}
		}
	}
}
