package image

import (
	"archive/tar"
	"crypto/md5" //nolint:gosec // dpkg's own format
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

func TestImagesAreTheSameEveryTime(t *testing.T) {
	for name, make := range map[string]func() (v1.Image, error){"good": Good, "bad": Bad} {
		if a, b := digest(t, make), digest(t, make); a != b {
			t.Errorf("%s: %s, then %s", name, a, b)
		}
	}
	if digest(t, Good) == digest(t, Bad) {
		t.Error("good and bad are the same image")
	}
}

// Of the files that dpkg knows, only the replaced program differs from what its package says, and only in the bad image.
func TestPackageDatabase(t *testing.T) {
	for _, test := range []struct {
		name string
		make func() (v1.Image, error)
		want []string
	}{
		{"good", Good, nil},
		{"bad", Bad, []string{Replaced}},
	} {
		files := contents(t, test.make)
		var altered []string
		for path, content := range files {
			if !strings.HasSuffix(path, ".md5sums") {
				continue
			}
			for line := range strings.Lines(content) {
				sum, owned, _ := strings.Cut(strings.TrimSpace(line), "  ")
				if fmt.Sprintf("%x", md5.Sum([]byte(files[owned]))) != sum { //nolint:gosec // as above
					altered = append(altered, "/"+owned)
				}
			}
		}
		if fmt.Sprint(altered) != fmt.Sprint(test.want) {
			t.Errorf("%s: altered %v, want %v", test.name, altered, test.want)
		}
		if _, dropped := files[strings.TrimPrefix(Dropped, "/")]; dropped != (test.name == "bad") {
			t.Errorf("%s: dropped file %t", test.name, dropped)
		}
	}
}

func digest(t *testing.T, make func() (v1.Image, error)) v1.Hash {
	t.Helper()
	img, err := make()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// contents reads the regular files of the merged image.
func contents(t *testing.T, make func() (v1.Image, error)) map[string]string {
	t.Helper()
	img, err := make()
	if err != nil {
		t.Fatal(err)
	}
	merged := mutate.Extract(img)
	defer func() { _ = merged.Close() }()
	files := map[string]string{}
	r := tar.NewReader(merged)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg {
			files[header.Name] = string(content)
		}
	}
}
