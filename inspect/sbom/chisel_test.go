package sbom

import (
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/backtrail/backtrail/inspect"
)

// wall is a manifest of chisel, packed.
func wall(t testing.TB, lines ...string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(
		z.EncodeAll([]byte(`{"jsonwall":"1.0","schema":"1.0","count":9}`+"\n"+strings.Join(lines, "\n")+"\n"), nil),
	)
}

func TestPackagesOfAChiselledImage(t *testing.T) {
	manifest := wall(t,
		`{"kind":"package","name":"openssl","version":"3.0.13-0ubuntu3.9","sha256":"00","arch":"amd64"}`,
		`{"kind":"package","name":"libc6","version":"2.39-0ubuntu8","sha256":"00","arch":"amd64"}`,
		`{"kind":"path","path":"/usr/bin/openssl","mode":"0755","slices":["openssl_bins"],"sha256":"00","size":1}`,
		`{"kind":"path","path":"/usr/lib/libc.so.6","mode":"0755","slices":["libc6_libs"],"sha256":"00","size":1}`)
	release := "ID=ubuntu\nVERSION_ID=24.04\n"
	both := []member{
		textFile("etc/os-release", release),
		textFile("usr/lib/libc.so.6", "x"),
		textFile("var/lib/chisel/manifest.wall", manifest),
	}
	for name, tt := range map[string]struct {
		layers [][]member
		want   []string
	}{
		"chisel alone": {
			[][]member{both, {textFile("usr/bin/openssl", "x")}},
			[]string{"libc6 2.39-0ubuntu8", "openssl 3.0.13-0ubuntu3.9"},
		},
		"dpkg lists one too": {
			[][]member{both, {textFile("var/lib/dpkg/status", dpkgStatus("openssl", "3.0.13-0ubuntu3.9"))}},
			[]string{"libc6 2.39-0ubuntu8", "openssl 3.0.13-0ubuntu3.9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			img := imageOf(t, makeLayer(t, tt.layers[0]...), makeLayer(t, tt.layers[1]...))
			layers, read, _ := b.read(t, "oci:"+save(t, img))
			c := walk(t, events(read, layers, inspect.Verified), nil, Packages(NewCataloguer(b.cache)))
			got := c.Images[0].Packages
			if !slices.Equal(names(got), tt.want) {
				t.Fatalf("packages are %q", names(got))
			}
			if got[0].PURL != "pkg:deb/ubuntu/libc6@2.39-0ubuntu8?arch=amd64&distro=ubuntu-24.04" ||
				got[0].Layer != 0 ||
				got[1].Layer != 1 {
				t.Errorf("packages are %+v", got)
			}
		})
	}
}

// A manifest that is no zstd leaves the packages unknown, with the reason.
func TestABrokenChiselManifest(t *testing.T) {
	b := newBench(t)
	layers, img, _ := b.read(
		t,
		"oci:"+save(
			t,
			imageOf(
				t,
				makeLayer(
					t,
					textFile("etc/os-release", osRelease),
					textFile("var/lib/chisel/manifest.wall", "no zstd"),
				),
			),
		),
	)
	c := walk(t, events(img, layers, inspect.Verified), nil, Packages(NewCataloguer(b.cache)))
	if state, _ := c.Check(inspect.CheckPackages, c.Images[0].Container); state.Status != inspect.CheckBlocked ||
		!strings.Contains(state.Reason, "manifest.wall") {
		t.Errorf("the check ended as %+v", state)
	}
}
