package owner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/layer"
)

func TestStatusStanzas(t *testing.T) {
	got := parseStatus([]byte(`Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1
Conffiles:
 /etc/bash.bashrc 0123456789abcdef0123456789abcdef
 /etc/old 0123456789abcdef0123456789abcdef obsolete
 /etc/new newconffile
Description: shell
 Conffiles:
 /not/one 0123456789abcdef0123456789abcdef

Package: gone
Status: deinstall ok config-files

Package: distroless
Version: 1
`))
	if len(got) != 3 || !got[0].installed || got[1].installed || !got[2].installed || got[0].version != "5.2-1" ||
		got[0].arch != "amd64" {
		t.Fatalf("stanzas: %+v", got)
	}
	want := []Claim{
		{Path: "/etc/bash.bashrc", Package: "bash", Sum: "md5:0123456789abcdef0123456789abcdef", Config: true},
		{Path: "/etc/old", Package: "bash", Sum: "md5:0123456789abcdef0123456789abcdef", Config: true},
		{Path: "/etc/new", Package: "bash", Config: true},
	}
	if !slices.Equal(got[0].conffiles, want) {
		t.Errorf("conffiles: %+v", got[0].conffiles)
	}
}

func TestSumLines(t *testing.T) {
	sum := strings.Repeat("ab", 16)
	got := parseSums(
		[]byte(sum+"  usr/bin/a b\n"+strings.ToUpper(sum)+" */usr/bin/c\nbroken\n"+sum+"\n"+sum+"  ../../etc/x\n"),
		"p",
	)
	want := []Claim{
		{
			Path:    "/usr/bin/a b",
			Package: "p",
			Sum:     "md5:" + sum,
		}, {Path: "/usr/bin/c", Package: "p", Sum: "md5:" + sum}, {
			Path: "/etc/x", Package: "p", Sum: "md5:" + sum,
		},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestApkLines(t *testing.T) {
	db := parseApk(
		[]byte(
			"C:Q1x\nP:musl\nV:1.2-r0\nF:lib\nM:0:0:1777\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1Kja2+POZKxEkUOZqwSjC6kmaED4=\nR:plain\nF:etc\nR:conf\nZ:Q1broken\nR:../evil\n\n" +
				"R:nobody\n\nP:two\nF:\nR:root\nZ:00000000000000000000000000000000\n",
		),
	)
	got := fmt.Sprint(db.claims)
	want := fmt.Sprint([]Claim{
		{
			Path: "/lib/ld-musl-x86_64.so.1", Package: "musl", Version: "1.2-r0",
			Sum: "sha1:2a36b6f8f3992b112450e66ac128c2ea499a103e", Config: false,
		},
		{Path: "/lib/plain", Package: "musl", Version: "1.2-r0", Sum: "", Config: false},
		{Path: "/etc/conf", Package: "musl", Version: "1.2-r0", Sum: "", Config: true},
		{Path: "/root", Package: "two", Version: "", Sum: "md5:00000000000000000000000000000000", Config: false},
	})
	if got != want || db.packages != 2 {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// own makes an image of one layer and asks whose its files are.
func ownOf(t *testing.T, members ...member) (*layer.Tree, *Ownership) {
	t.Helper()
	tree := treeOfLayers(t, members)
	o, err := readAll(t.Context(), tree)
	must(t, err)
	return tree, o
}

func TestOwnership(t *testing.T) {
	ls := exe("usr/bin/ls", program("ls"))
	db := slices.Clip(
		dpkgOf(map[string][]member{"coreutils": {ls}, "dash": {exe("bin/sh", program("dash"))}}, "coreutils", "dash"),
	)
	stanza := func(name string) string { return "Package: " + name + "\nVersion: 1\n" }
	for name, test := range map[string]struct {
		members []member
		level   string
		owned   string // path owner, of regular files
		altered string
	}{
		"dpkg": {append(db, ls, exe("bin/sh", program("dash"))), Known, "/bin/sh=dash /usr/bin/ls=coreutils", ""},
		"dpkg with a merged /usr": {
			append(db, ls, symlink("bin", "usr/bin"), exe("usr/bin/sh", program("dash"))), Known,
			"/usr/bin/ls=coreutils /usr/bin/sh=dash", "",
		},
		"dpkg without a merged /usr: the other path is nobody's": {
			append(db, ls, exe("bin/sh", program("dash")), exe("usr/bin/sh", program("dash"))), Known,
			"/bin/sh=dash /usr/bin/ls=coreutils", "",
		},
		"a diverted file": {
			append(db, exe("usr/bin/ls", program("other ls")), exe("usr/bin/ls.distrib", program("ls")), exe("bin/sh", program("dash")),
				file("var/lib/dpkg/diversions", "/usr/bin/ls\n/usr/bin/ls.distrib\nother\n")), Known,
			"/bin/sh=dash /usr/bin/ls.distrib=coreutils", "",
		},
		"a link in the place of a packaged file, to the same content": {
			append(db, symlink("usr/bin/ls", "ls.real"), exe("usr/bin/ls.real", program("ls"))), Known, "", "",
		},
		"a link in the place of a packaged file, to other content": {
			append(db, symlink("usr/bin/ls", "/opt/ls"), exe("opt/ls", program("evil"))), Known, "", "/usr/bin/ls",
		},
		"distroless": {
			[]member{
				file("var/lib/dpkg/status.d/tz", stanza("tz")),
				file("var/lib/dpkg/status.d/tz.md5sums", md5Of("z")+"  usr/share/z\n"), file("usr/share/z", "z"),
			},
			Known, "/usr/share/z=tz", "",
		},
		"distroless without digests": {
			[]member{file("var/lib/dpkg/status.d/tz", stanza("tz")), file("usr/share/z", "z")}, Unknown, "", "",
		},
		"distroless with some digests": {[]member{
			file("var/lib/dpkg/status.d/tz", stanza("tz")), file("var/lib/dpkg/status.d/x", stanza("x")),
			file("var/lib/dpkg/status.d/tz.md5sums", md5Of("z")+"  usr/share/z\n"), file("usr/share/z", "y"),
		}, Partial, "/usr/share/z=tz", "/usr/share/z"},
		"apk in the second place": {
			[]member{
				file("usr/lib/apk/db/installed", "P:a\nF:usr/bin\nR:a\nR:missing\n"), exe("usr/bin/a", "x"),
				exe("usr/bin/b", "x"),
			},
			Known, "/usr/bin/a=a", "",
		},
		"an empty database": {[]member{file("var/lib/dpkg/status", "")}, Unknown, "", ""},
		"none":              {[]member{file("a", "")}, Unknown, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tree, o := ownOf(t, test.members...)
			var owned, altered []string
			for n := range tree.All() {
				if c, ok := o.Claims[n.Path]; ok && layer.IsRegular(n) {
					owned = append(owned, n.Path+"="+c.Package)
				}
				if o.Altered(n.Path) {
					altered = append(altered, n.Path)
				}
			}
			if o.Level != test.level || (o.Level != Known) != (o.Detail != "") {
				t.Errorf("level %s (%s)", o.Level, o.Detail)
			}
			if got := strings.Join(owned, " "); got != test.owned {
				t.Errorf("owned %s, want %s", got, test.owned)
			}
			if got := strings.Join(altered, " "); got != test.altered {
				t.Errorf("altered %s, want %s", got, test.altered)
			}
		})
	}
}

func FuzzDpkgStatus(f *testing.F) {
	f.Add([]byte("Package: a\nStatus: install ok installed\nConffiles:\n /etc/a 0123456789abcdef0123456789abcdef\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range parseStatus(data) {
			for _, c := range p.conffiles {
				if !strings.HasPrefix(c.Path, "/") {
					t.Errorf("path %q", c.Path)
				}
			}
		}
		parseDiversions(data).apply([]Claim{{Path: "/a"}})
	})
}

func FuzzMD5Sums(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef  usr/bin/a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range parseSums(data, "p") {
			if !strings.HasPrefix(c.Path, "/") || len(c.Sum) != 36 {
				t.Errorf("claim %+v", c)
			}
		}
	})
}

func FuzzApk(f *testing.F) {
	f.Add([]byte("P:a\nF:bin\nR:a\nZ:Q1Kja2+POZKxEkUOZqwSjC6kmaED4=\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range parseApk(data).claims {
			if !strings.HasPrefix(c.Path, "/") || c.Package == "" {
				t.Errorf("claim %+v", c)
			}
		}
	})
}

// Where many claims lie is found as it is for each of them.
func TestPlacesAreThoseOfTheTree(t *testing.T) {
	tree := treeOfLayers(t, []member{
		dir(
			"usr/bin",
		), file("usr/bin/a", "a"), symlink("bin", "usr/bin"), symlink("lib", "/usr/lib"), dir("usr/lib"), symlink("usr/lib/x", "../bin"), symlink("loop", "loop"), symlink("up", "../usr"), symlink("f", "usr/bin/a"),
	})
	at := places{tree: tree, dirs: map[string]placed{}}
	for range 2 {
		for _, p := range []string{"/", "/usr", "/bin/a", "/bin/b", "/lib/x/a", "/lib/x", "/lib/y/z", "/loop/a", "/up/bin/a", "/f/a", "/usr/bin/a/b", "/none/b", "/bin", "/usr/bin/"} {
			want, wantOK := tree.Place(p)
			if got, ok := at.of(p); got != want || ok != wantOK {
				t.Errorf("%s lies at %s (%t), not %s (%t)", p, got, ok, want, wantOK)
			}
		}
	}
}
