package registry

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ggcrlayout "github.com/google/go-containerregistry/pkg/v1/layout"
)

var (
	digest512 = "sha512:" + strings.Repeat("ab", 64)
	blake3    = "blake3:" + strings.Repeat("ab", 32)
)

// Documents of a form that is not read are named by it; what is wrong is malformed.
func TestFormsOfDocuments(t *testing.T) {
	manifest := func(config, layer string) string {
		return `{"schemaVersion":2,"config":{"digest":"` + config + `","size":1},"layers":[{"digest":"` + layer + `","size":2}]}`
	}
	for name, tt := range map[string]struct {
		text string
		form Form // "" for one that is malformed
	}{
		"schema 1":                {`{"schemaVersion":1,"fsLayers":[{"blobSum":"x"}]}`, FormSchema1},
		"a sha512 layer":          {manifest(someDigest, digest512), FormSHA512},
		"a sha512 config":         {manifest(digest512, someDigest), FormSHA512},
		"a layer of another hash": {manifest(someDigest, blake3), FormOtherHash},
		"a digest too short":      {manifest(someDigest, "sha256:abcd"), ""},
		"a digest in capitals":    {manifest(someDigest, strings.ToUpper(someDigest)), ""},
		"no digest":               {manifest(someDigest, ""), ""},
	} {
		_, err := parseDocument([]byte(tt.text))
		var form *FormError
		switch {
		case err == nil:
			t.Errorf("%s was read", name)
		case errors.As(err, &form) != (tt.form != "") || form != nil && form.Form != tt.form:
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{digest512, blake3} {
		img := &Image{Config: Part{Digest: someDigest, Bytes: []byte(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["` + id + `"]}}`)}}
		if img.readConfig(); !img.Config.Problem.Unchecked() {
			t.Errorf("a config with the diff ID %.10s: %s %s", id, img.Config.Problem, img.Config.Detail)
		}
	}
}

// An index is read whatever its other children are named by; the one that is chosen is unknown, never damaged.
func TestAnIndexWithASHA512Child(t *testing.T) {
	dir := layoutOf(t, func(ggcrlayout.Path) {})
	child := func(digest, arch string) string {
		return `{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":7,"digest":"` + digest + `","platform":{"os":"linux","architecture":"` + arch + `"}}`
	}
	index := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` + child(digest512, "amd64") + `,` + child(someDigest, "arm64") + `]}`
	check(t, os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o755))
	check(t, os.WriteFile(blobFile(dir, digestOf([]byte(index))), []byte(index), 0o600))
	root := `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","size":` + strconv.Itoa(len(index)) + `,"digest":"` + digestOf([]byte(index)) + `"}]}`
	check(t, os.WriteFile(filepath.Join(dir, "index.json"), []byte(root), 0o600))
	img, err := client(t).Resolve(context.Background(), parse(t, "oci:"+dir), v1.Platform{OS: "linux", Architecture: "amd64"})
	check(t, err)
	if p, found := img.Problem(); !found || p.Problem != ProblemForm || p.Form != FormSHA512 {
		t.Errorf("the image is %+v", p)
	}
}
