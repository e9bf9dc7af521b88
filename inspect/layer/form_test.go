package layer

import (
	"bytes"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// layerOf gives the second layer of an image, and the paths of its regular files.
func layerOf(t *testing.T, blob []byte, mediaType string) (inspect.Layer, string) {
	t.Helper()
	base := tarOf(t, file("a", "1"))
	b := newBench(t)
	target := layoutOf(
		t,
		[][]byte{packed(t, base), blob},
		[]string{sumOf(base), sumOf(blob)},
		func(_ string, m map[string]any) {
			if mediaType != "" {
				m["layers"].([]map[string]any)[1]["mediaType"] = mediaType
			}
		},
	)
	layers, _, err := b.cache.ImageLayers(t.Context(), b.client, target, v1.Platform{})
	must(t, err)
	tree, err := b.cache.Tree(t.Context(), layers)
	must(t, err)
	var paths []string
	for n := range tree.All() {
		if isRegular(n) {
			paths = append(paths, n.Path)
		}
	}
	return layers[1], strings.Join(paths, " ")
}

// What is not read here is unknown, with the name of its form: its bytes are what they should be.
func TestForeignFormsAreUnknown(t *testing.T) {
	const oci = "application/vnd.oci.image.layer."
	noise := strings.Repeat("\x8f\x01\x42\x99", 500)
	for name, test := range map[string]struct{ content, mediaType, form string }{
		"bzip2":          {"BZh91AY&SY" + noise, oci + "v1.tar+bzip2", "packed with bzip2"},
		"xz":             {"\xfd7zXZ\x00" + noise, oci + "v1.tar+xz", "packed with xz"},
		"xz called gzip": {"\xfd7zXZ\x00" + noise, "", "packed with xz"},
		"lz4":            {"\x04\x22\x4d\x18" + noise, "", "packed with lz4"},
		"encrypted":      {noise, oci + "v1.tar+gzip+encrypted", "encrypted"},
		"a WebAssembly module": {
			"\x00asm\x01\x00\x00\x00" + noise, "application/vnd.wasm.content.layer.v1+wasm", "a WebAssembly module",
		},
		"Nydus": {noise, oci + "nydus.blob.v1", "a Nydus blob"},
		"a type that nobody knows": {
			noise, "application/vnd.example.model", "of the type application/vnd.example.model",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, paths := layerOf(t, []byte(test.content), test.mediaType)
			if l.Status != inspect.Unknown || l.Reason != inspect.ReasonUnsupported || !strings.Contains(l.Detail, test.form) ||
				paths != "/a" {
				t.Errorf("%s %s: %s, files %s", l.Status, l.Reason, l.Detail, paths)
			}
		})
	}
}

// What came before a defect stays, and the layer is not called whole.
func TestWhatCameBeforeADefectIsShown(t *testing.T) {
	whole := tarOf(t, file("b", "2"), file("c", strings.Repeat("random \x01\x02\x03", 5000)), file("d", "4"))
	broken := bytes.Clone(whole)
	copy(broken[len(broken)-2048:], "no header at all")
	zipped := packed(t, whole)
	for name, test := range map[string]struct {
		blob   []byte
		detail string
		paths  string
	}{
		"a tar that is broken":          {broken, "invalid tar header", "/a /b /c"},
		"a packed tar that is broken":   {packed(t, broken), "invalid tar header", "/a /b /c"},
		"a gzip stream that ends early": {packed(t, whole)[:len(zipped)-60], "unexpected EOF", "/a /b"},
	} {
		t.Run(name, func(t *testing.T) {
			l, paths := layerOf(t, test.blob, "")
			if l.Status != inspect.Failed || l.Reason != string(registry.ProblemMalformed) ||
				!strings.Contains(l.Detail, test.detail) ||
				!strings.Contains(l.Detail, "is shown") {
				t.Errorf("%s %s: %s", l.Status, l.Reason, l.Detail)
			}
			if paths != test.paths && paths != test.paths+" /c" || !Incomplete(l) {
				t.Errorf("files %s, want %s", paths, test.paths)
			}
		})
	}
}

// gzip ignores what follows its last member. So does every runtime that unpacks with it.
func TestBytesBehindAGzipStreamAreARemark(t *testing.T) {
	data := tarOf(t, file("b", "2"))
	for name, trailer := range map[string]string{
		"zeros": strings.Repeat("\x00", 512), "text": "padding",
		"one byte": "x",
	} {
		t.Run(name, func(t *testing.T) {
			blob := append(packed(t, data), trailer...)
			b := newBench(t)
			layers, _, err := b.cache.ImageLayers(
				t.Context(),
				b.client,
				layoutOf(t, [][]byte{blob}, []string{sumOf(data)}, nil),
				v1.Platform{},
			)
			must(t, err)
			if l := layers[0]; l.Status != inspect.Verified || !strings.Contains(l.Detail, "bytes follow the end") {
				t.Errorf("%s: %s", l.Status, l.Detail)
			}
		})
	}
}

// Many layers of zeros are no way around the bound on what little may unpack to.
func TestLayersShareWhatTheyMayUnpackTo(t *testing.T) {
	var room allowance
	read := func() error {
		u := unpacked{
			r:    bytes.NewReader(make([]byte, 100)),
			in:   &counter{},
			name: "gzip",
			room: &room,
			out:  registry.RatioFloor / 2,
		}
		_, err := u.Read(make([]byte, 100))
		return err
	}
	if err := read(); err != nil {
		t.Errorf("the first layer: %v", err)
	}
	if err := read(); err == nil {
		t.Error("the second layer is not bounded")
	}
	ctx := withAllowance(t.Context())
	if withAllowance(ctx) != ctx || allowanceOf(ctx) != allowanceOf(ctx) ||
		allowanceOf(t.Context()) == allowanceOf(ctx) {
		t.Error("an allowance is not that of its image")
	}
}
