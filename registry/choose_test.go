package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is a descriptor of an index whose digest is made of a letter.
func entry(letter, platform string, edit ...func(*v1.Descriptor)) v1.Descriptor {
	d := v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat(letter, 64)}}
	if platform != "" {
		d.Platform, _ = v1.ParsePlatform(platform)
	}
	for _, e := range edit {
		e(&d)
	}
	return d
}

func attested(d *v1.Descriptor) {
	d.Annotations = map[string]string{annotationReferenceType: attestationManifest}
}

func artifact(d *v1.Descriptor) { d.ArtifactType = "application/vnd.example+json" }

func everything(string) bool { return true }

// What containerd would run, entry by entry: platform names are normalized, lower variants are accepted, marks play no part.
func TestChoose(t *testing.T) {
	windows := func(version string) func(*v1.Descriptor) {
		return func(d *v1.Descriptor) { d.Platform.OSVersion = version }
	}
	for name, tt := range map[string]struct {
		want   v1.Platform
		list   []v1.Descriptor
		chosen string // letter
		rivals string // letters
	}{
		"the only one":                     {v1.Platform{}, []v1.Descriptor{entry("a", "linux/s390x")}, "a", ""},
		"default among several":            {v1.Platform{}, []v1.Descriptor{entry("a", "linux/arm64"), entry("b", "linux/amd64")}, "b", ""},
		"another name of amd64":            {amd64, []v1.Descriptor{entry("a", "linux/x86_64"), entry("b", "linux/amd64")}, "a", "b"},
		"another name of arm64":            {arm64, []v1.Descriptor{entry("a", "linux/aarch64"), entry("b", "linux/arm64/v8")}, "a", "b"},
		"marked as an attestation":         {amd64, []v1.Descriptor{entry("a", "linux/amd64", attested), entry("b", "linux/amd64")}, "a", "b"},
		"marked as an artifact":            {amd64, []v1.Descriptor{entry("a", "linux/amd64", artifact), entry("b", "linux/amd64")}, "a", "b"},
		"an attestation of BuildKit":       {amd64, []v1.Descriptor{entry("a", "unknown/unknown", attested), entry("b", "linux/amd64")}, "b", ""},
		"plain amd64 before a variant":     {amd64, []v1.Descriptor{entry("a", "linux/amd64/v3"), entry("b", "linux/amd64")}, "b", ""},
		"386 only where there is no amd64": {amd64, []v1.Descriptor{entry("a", "linux/386"), entry("b", "linux/arm64")}, "a", ""},
		"arm is v7, then lower ones": {
			v1.Platform{OS: "linux", Architecture: "arm"},
			[]v1.Descriptor{entry("a", "linux/arm/v5"), entry("b", "linux/arm/v6"), entry("c", "linux/arm/v7"), entry("d", "linux/arm64")},
			"c", "",
		},
		"arm without v7": {v1.Platform{OS: "linux", Architecture: "arm"}, []v1.Descriptor{entry("a", "linux/arm/v5"), entry("b", "linux/arm/v6")}, "b", ""},
		"arm64 runs 32-bit arm": {
			arm64, []v1.Descriptor{entry("a", "linux/arm/v6"), entry("b", "linux/arm/v7")}, "b", "",
		},
		"no platform comes last": {amd64, []v1.Descriptor{entry("a", ""), entry("b", "linux/amd64")}, "b", ""},
		"no platform at all":     {amd64, []v1.Descriptor{entry("a", "")}, "a", ""},
		"Windows: the release that fits": {
			v1.Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.17763.5329"},
			[]v1.Descriptor{entry("a", "windows/amd64", windows("10.0.20348.2227")), entry("b", "windows/amd64", windows("10.0.17763.1")), entry("c", "windows/amd64", windows("10.0.17763.5"))},
			"c", "",
		},
		"no operating system": {
			amd64, []v1.Descriptor{entry("a", "", func(d *v1.Descriptor) { d.Platform = &v1.Platform{Architecture: "amd64"} })}, "a", "",
		},
		"a variant that nobody has": {
			v1.Platform{OS: "linux", Architecture: "amd64", Variant: "v2000000000"}, []v1.Descriptor{entry("a", "linux/amd64/v2000000000")}, "a", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := choose(&v1.IndexManifest{Manifests: tt.list}, tt.want, everything)
			check(t, err)
			var rivals string
			for _, c := range got.list {
				if c.Rival {
					rivals += c.Digest[len("sha256:"):][:1]
				}
				if c.Chosen != (c.Digest == hashString(got.chosen.Digest)) {
					t.Errorf("chosen is %s, candidate %+v", got.chosen.Digest, c)
				}
			}
			if chosen := got.chosen.Digest.Hex[:1]; chosen != tt.chosen || rivals != tt.rivals {
				t.Errorf("chosen %s, rivals %q", chosen, rivals)
			}
		})
	}
}

func TestChooseNothing(t *testing.T) {
	_, err := choose(&v1.IndexManifest{Manifests: []v1.Descriptor{entry("a", "linux/arm64"), entry("b", "linux/s390x")}}, amd64, everything)
	var platform *PlatformError
	if !errors.As(err, &platform) || len(platform.Have) != 2 {
		t.Errorf("got %v", err)
	}
	_, err = choose(&v1.IndexManifest{Manifests: []v1.Descriptor{entry("a", "unknown/unknown", attested)}}, amd64, everything)
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("an index of attestations: %v", err)
	}
}

// handLayout writes a layout by hand, so that its index can be odd.
type handLayout struct {
	t   testing.TB
	dir string
}

func newHandLayout(t testing.TB) handLayout {
	t.Helper()
	l := handLayout{t, t.TempDir()}
	check(t, os.MkdirAll(filepath.Join(l.dir, "blobs", "sha256"), 0o755))
	return l
}

func (l handLayout) put(data []byte) string {
	l.t.Helper()
	digest := digestOf(data)
	check(l.t, os.WriteFile(blobFile(l.dir, digest), data, 0o644))
	return digest
}

// descriptor writes a document and gives its descriptor.
func (l handLayout) descriptor(mediaType string, document any) v1.Descriptor {
	l.t.Helper()
	data, err := json.Marshal(document)
	check(l.t, err)
	d := descriptorOf(l.put(data))
	d.MediaType, d.Size = types.MediaType(mediaType), int64(len(data))
	return d
}

// image writes an image of one plain layer.
func (l handLayout) image(platform v1.Platform, text string) v1.Descriptor {
	l.t.Helper()
	layer := tarOf(l.t, "file", text)
	config := l.descriptor(string(types.OCIConfigJSON), map[string]any{
		"os": platform.OS, "architecture": platform.Architecture, "variant": platform.Variant,
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digestOf(layer)}},
	})
	return l.manifest(config, v1.Descriptor{MediaType: types.OCIUncompressedLayer, Size: int64(len(layer)), Digest: descriptorOf(l.put(layer)).Digest})
}

func (l handLayout) manifest(config v1.Descriptor, layers ...v1.Descriptor) v1.Descriptor {
	return l.descriptor(string(types.OCIManifestSchema1), map[string]any{
		"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": config, "layers": layers,
	})
}

func (l handLayout) index(list ...v1.Descriptor) v1.Descriptor {
	return l.descriptor(string(types.OCIImageIndex), map[string]any{"schemaVersion": 2, "mediaType": types.OCIImageIndex, "manifests": list})
}

// root makes a descriptor the only image of the layout and gives its target.
func (l handLayout) root(d v1.Descriptor) string {
	l.t.Helper()
	data, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []v1.Descriptor{d}})
	check(l.t, err)
	check(l.t, os.WriteFile(filepath.Join(l.dir, "index.json"), data, 0o644))
	return "oci:" + l.dir
}

func on(platform string, d v1.Descriptor) v1.Descriptor {
	d.Platform, _ = v1.ParsePlatform(platform)
	return d
}

func TestIndexesInsideIndexes(t *testing.T) {
	for depth := 1; depth <= MaxIndexDepth+1; depth++ {
		t.Run(fmt.Sprint(depth), func(t *testing.T) {
			l := newHandLayout(t)
			amd, arm := l.image(amd64, "amd"), l.image(arm64, "arm")
			outer := l.index(on("linux/amd64", amd), on("linux/arm64", arm))
			for range depth - 1 {
				outer = l.index(outer)
			}
			img, err := client(t).Resolve(t.Context(), parse(t, l.root(outer)), arm64)
			check(t, err)
			if depth > MaxIndexDepth {
				if img.Manifest.Problem != ProblemLimit {
					t.Errorf("past the limit: %+v", img.Manifest)
				}
				return
			}
			if img.Digest() != hashString(arm.Digest) || len(img.Nested) != depth-1 || img.Index.Digest != hashString(outer.Digest) {
				t.Errorf("manifest %s, %d nested, index %s", img.Digest(), len(img.Nested), img.Index.Digest)
			}
			if diff := cmp.Diff([]v1.Platform{amd64, {OS: "linux", Architecture: "arm64"}}, listed(img)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The same config under two digests, as with gzip and zstd layers, is the same content.
func TestRivalsOfTheSameContent(t *testing.T) {
	l := newHandLayout(t)
	one, other := l.image(amd64, "one"), l.image(amd64, "other")
	var manifest map[string]any
	data, err := os.ReadFile(blobFile(l.dir, one.Digest.String()))
	check(t, err)
	check(t, json.Unmarshal(data, &manifest))
	manifest["annotations"] = map[string]string{"com.example": "packed again"}
	again := l.descriptor(string(types.OCIManifestSchema1), manifest)
	for name, tt := range map[string]struct {
		second v1.Descriptor
		rivals int
	}{"same config": {again, 0}, "another": {other, 1}} {
		img, err := client(t).Resolve(t.Context(), parse(t, l.root(l.index(on("linux/amd64", one), on("linux/amd64", tt.second)))), amd64)
		check(t, err)
		if img.Digest() != one.Digest.String() || len(img.Rivals()) != tt.rivals {
			t.Errorf("%s: %s, rivals %+v", name, img.Digest(), img.Rivals())
		}
	}
}

// An entry without a platform is judged by the platform of its config, as containerd does.
func TestAnEntryWithoutAPlatform(t *testing.T) {
	l := newHandLayout(t)
	arm := l.image(arm64, "arm")
	target := l.root(l.index(arm))
	_, err := client(t).Resolve(t.Context(), parse(t, target), amd64)
	if !errors.As(err, new(*PlatformError)) {
		t.Errorf("got %v", err)
	}
	img, err := client(t).Resolve(t.Context(), parse(t, target), v1.Platform{})
	check(t, err)
	if img.Digest() != arm.Digest.String() {
		t.Errorf("got %s", img.Digest())
	}
}

func FuzzChoose(f *testing.F) {
	f.Add("linux", "amd64", "v3", "linux", "x86_64", "")
	f.Add("windows", "amd64", "", "windows", "amd64", "10.0.17763.1")
	f.Add("linux", "arm64", "v9.9", "", "arm", "v8")
	f.Fuzz(func(t *testing.T, os, arch, variant, os2, arch2, variant2 string) {
		list := []v1.Descriptor{
			entry("a", ""), entry("b", "", func(d *v1.Descriptor) {
				d.Platform = &v1.Platform{OS: os2, Architecture: arch2, Variant: variant2, OSVersion: variant2}
			}), entry("c", "linux/amd64"),
		}
		want := v1.Platform{OS: os, Architecture: arch, Variant: variant, OSVersion: variant}
		got, err := choose(&v1.IndexManifest{Manifests: list}, want, everything)
		if err == nil && got.chosen.Digest.Hex == "" {
			t.Fatal("nothing was chosen and there is no error")
		}
	})
}
