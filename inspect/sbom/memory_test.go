package sbom

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// With what it remembers of another image, a cataloguer finds what syft finds without: whatever the two differ in.
func TestWhatIsRememberedIsRight(t *testing.T) {
	base := mixed(t)
	tests := map[string]struct {
		top    []member
		asked  []string // cataloguers that had to look again
		recall []string // that had not
	}{
		"nothing that a package is made of": {
			[]member{textFile("srv/readme", "new")},
			nil,
			[]string{
				"dpkg-db-cataloger", "apk-db-cataloger", "javascript-package-cataloger", "go-module-binary-cataloger",
				"python-installed-package-cataloger", "java-archive-cataloger",
			},
		},
		"an upgrade": {
			[]member{textFile("var/lib/dpkg/status", dpkgStatus("libc6", "2.36-9+deb12u4", "curl", "7.88.1-10"))},
			[]string{"dpkg-db-cataloger"},
			[]string{"apk-db-cataloger", "javascript-package-cataloger"},
		},
		"other content at the same path": {
			[]member{textFile("srv/app/node_modules/left-pad/package.json", `{"name":"left-pad","version":"9.9.9"}`)},
			[]string{"javascript-package-cataloger"},
			[]string{"dpkg-db-cataloger"},
		},
		"the same content in another layer": {
			[]member{
				textFile(
					"srv/app/node_modules/left-pad/package.json",
					`{"name":"left-pad","version":"1.3.0","license":"WTFPL"}`,
				),
			},
			[]string{"javascript-package-cataloger"},
			nil,
		},
		"a package less": {
			[]member{textFile("usr/lib/python3/dist-packages/.wh.requests-2.31.0.dist-info", "")},
			[]string{"python-installed-package-cataloger"},
			[]string{"dpkg-db-cataloger"},
		},
		"another distribution, which is in the names of packages": {
			[]member{textFile("etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\n")},
			[]string{"dpkg-db-cataloger"},
			nil,
		},
		"a link that leads to another file": {
			[]member{
				symlink("srv/app/node_modules/chalk", "/store/chalk"),
				textFile("store/chalk/package.json", `{"name":"chalk","version":"6.0.0"}`),
			},
			[]string{"javascript-package-cataloger"},
			nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			c := NewCataloguer(b.cache)
			_ = ours(t, b, c, save(t, base))
			dir := save(t, onTop(t, base, tt.top...))
			if d := cmp.Diff(listed(bySyft(t, dir)), ours(t, b, c, dir)); d != "" {
				t.Errorf("packages differ (-syft +remembered):\n%s", d)
			}
			for _, n := range tt.asked {
				if len(c.memory.found[n]) != 2 {
					t.Errorf("%s did not look again", n)
				}
			}
			for _, n := range tt.recall {
				if len(c.memory.found[n]) != 1 {
					t.Errorf("%s looked again, for nothing", n)
				}
			}
		})
	}
}

// onTop lays one more layer over an image.
func onTop(t *testing.T, img v1.Image, members ...member) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(img, makeLayer(t, members...))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
