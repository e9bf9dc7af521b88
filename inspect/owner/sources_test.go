package owner

import (
	"fmt"
	"slices"
	"testing"
)

// owned lists what a database claims: path, package, and the algorithm of the digest.
func owned(db *Database) []string {
	var list []string
	for _, c := range db.claims {
		list = append(list, fmt.Sprintf("%s %s %s %.6s %t", c.Path, c.Package, c.Version, c.Sum, c.Config))
	}
	slices.Sort(list)
	return list
}

func TestChiselManifests(t *testing.T) {
	sum := sumOf([]byte("x"))[len("sha256:"):]
	db := parseChisel([]byte(`{"jsonwall":"1.0","schema":"1.0","count":4}
{"kind":"package","name":"openssl","version":"3.0","arch":"amd64"}
{"kind":"path","path":"/usr/bin/openssl","slices":["openssl_bins"],"sha256":"` + sum + `"}
{"kind":"path","path":"/etc/ssl/openssl.cnf","slices":["other_config","openssl_config"],"sha256":"0","final_sha256":"` + sum + `"}
{"kind":"path","path":"/usr/bin/nobody","slices":["nobody_bins"],"sha256":"` + sum + `"}
{"kind":"path","path":"/usr/lib/dir/","slices":["openssl_bins"]}
not JSON
`))
	want := []string{
		"/etc/ssl/openssl.cnf openssl 3.0 sha256 false",
		"/usr/bin/openssl openssl 3.0 sha256 false",
		"/usr/lib/dir openssl 3.0  false",
	}
	if got := owned(db); !slices.Equal(got, want) || db.packages != 1 {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestPacmanPackages(t *testing.T) {
	sum := sumOf([]byte("x"))[len("sha256:"):]
	dir := "var/lib/pacman/local/bash-5.2-1/"
	_, o := ownOf(
		t,
		exe("usr/bin/bash", "x"),
		exe("usr/bin/a b", "x"),
		file("etc/bash.bashrc", "mine"),
		file(
			dir+"desc",
			"%NAME%\nbash\n\n%VERSION%\n5.2-1\n\n",
		),
		file(
			dir+"files",
			"%FILES%\nusr/\nusr/bin/\nusr/bin/bash\nusr/bin/a b\netc/bash.bashrc\n\n%BACKUP%\netc/bash.bashrc\t00\n\n",
		),
		file(
			dir+"mtree",
			string(
				packed(
					t,
					[]byte(
						"#mtree\n/set type=file mode=644\n./usr/bin/bash time=1.0 sha256digest="+sum+"\n./usr/bin/a\\040b sha256digest="+sum+"\n./etc/bash.bashrc sha256digest="+sum+"\n",
					),
				),
			),
		),
	)
	if !o.Intact("/usr/bin/bash") || !o.Intact("/usr/bin/a b") || !o.Altered("/etc/bash.bashrc") ||
		!o.Claims["/etc/bash.bashrc"].Config ||
		o.Level != Known {
		t.Errorf("ownership %s (%s): %+v", o.Level, o.Detail, o.Claims)
	}
}

func TestOpkgPackages(t *testing.T) {
	_, o := ownOf(
		t,
		exe("bin/busybox", program("x")),
		file("etc/passwd", "x"),
		file(
			"usr/lib/opkg/status",
			"Package: busybox\nVersion: 1.36\nStatus: install user installed\nArchitecture: all\n\n",
		),
		file("usr/lib/opkg/info/busybox.list", "/bin/busybox\t0100755\n"),
	)
	if c := o.Claims["/bin/busybox"]; c.Package != "busybox" || c.Version != "1.36" || !o.Unproven("/bin/busybox") ||
		o.Level != Partial ||
		o.Listing != Known {
		t.Errorf("ownership %s (%s): %+v", o.Level, o.Detail, o.Claims)
	}
}

// Some builders keep the lists of a distroless image's packages where dpkg has them.
func TestDistrolessWithListsInInfo(t *testing.T) {
	_, o := ownOf(
		t,
		exe("usr/bin/x", "x"),
		file("var/lib/dpkg/status.d/x", "Package: x\nVersion: 1\n\n"),
		file(
			"var/lib/dpkg/info/x.list",
			"/.\n/usr/bin/x\n",
		),
		file("var/lib/dpkg/info/x.md5sums", md5Of("x")+"  usr/bin/x\n"),
	)
	if !o.Intact("/usr/bin/x") || o.Level != Known {
		t.Errorf("ownership %s (%s): %+v", o.Level, o.Detail, o.Claims)
	}
}

func FuzzChisel(f *testing.F) {
	f.Add([]byte(`{"kind":"package","name":"x","version":"1"}` + "\n" + `{"kind":"path","path":"/x","slices":["x_y"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range parseChisel(data).claims {
			if c.Path == "" || c.Path[0] != '/' || c.Package == "" {
				t.Errorf("claim %+v", c)
			}
		}
	})
}

func FuzzPacman(f *testing.F) {
	f.Add(
		[]byte("%FILES%\nusr/bin/x\n\n%BACKUP%\netc/x\t0\n"),
		[]byte("./usr/bin/x sha256digest=00\n./a\\040b type=dir\n"),
	)
	f.Fuzz(func(t *testing.T, files, mtree []byte) {
		for _, c := range pacmanClaims("x", "1", pacmanFields(files), parseMtree(mtree)) {
			if c.Path == "" || c.Path[0] != '/' {
				t.Errorf("claim %+v", c)
			}
		}
	})
}
