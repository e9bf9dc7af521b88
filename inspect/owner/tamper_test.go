package owner

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	rpmdb "github.com/anchore/go-rpmdb/pkg"

	"github.com/backtrail/backtrail/inspect/layer"
)

// stacked reads the ownership of an image of several layers.
func stacked(t *testing.T, layers ...[]member) *Ownership {
	t.Helper()
	o, err := readAll(t.Context(), treeOfLayers(t, layers...))
	must(t, err)
	return o
}

// tampered lists what was done to the databases: code, layer, package, and the files.
func tampered(o *Ownership) []string {
	var all []string
	for _, x := range o.Tampered {
		all = append(all, fmt.Sprintf("%s by layer %d: %s %s", x.Code, x.Layer, x.Package, strings.Join(x.Paths, " ")))
	}
	return all
}

// standing is what the databases say of a file after all: its package and whether its content is the package's.
func standing(o *Ownership, p string) string {
	c, ok := o.Claims[p]
	switch {
	case !ok:
		return "unowned"
	case o.Altered(p):
		return c.Package + " altered"
	case c.Sum == "":
		return c.Package + " without a digest"
	default:
		return c.Package + " intact"
	}
}

// dpkgFiles makes the files of dpkg's database by their last names: status, NAME.list, NAME.md5sums.
func dpkgFiles(files map[string]string) []member {
	var all []member
	for _, name := range slices.Sorted(maps.Keys(files)) {
		dir := "var/lib/dpkg/info/"
		if name == "status" || name == "diversions" {
			dir = "var/lib/dpkg/"
		}
		all = append(all, file(dir+name, files[name]))
	}
	return all
}

// stanza is one of dpkg's status.
func stanza(name, version string, conffiles ...string) string {
	text := fmt.Sprintf("Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n", name, version)
	if len(conffiles) > 0 {
		text += "Conffiles:\n " + strings.Join(conffiles, "\n ") + "\n"
	}
	return text + "\n"
}

// Whoever replaces or adds a program in a later layer can write it into the package database with it. What the layers
// below said of the same version counts; what package managers do is no tampering.
func TestWhatALaterLayerDoesToTheDatabaseOfDpkg(t *testing.T) {
	ls, evil := program("ls"), program("evil")
	sums := md5Of(ls) + "  usr/bin/ls\n"
	base := append(dpkgFiles(map[string]string{
		"status": stanza("tools", "1"), "tools.list": "/.\n/usr\n/usr/bin\n/usr/bin/ls\n", "tools.md5sums": sums,
	}), exe("usr/bin/ls", ls))
	for name, test := range map[string]struct {
		layer  []member
		want   []string
		stands map[string]string
	}{
		"nothing": {[]member{file("srv/x", "x")}, nil, map[string]string{"/usr/bin/ls": "tools intact"}},
		"a program that is replaced": {
			[]member{exe("usr/bin/ls", evil)}, nil, map[string]string{"/usr/bin/ls": "tools altered"},
		},
		"a program that is replaced, with its digest": {
			append(dpkgFiles(map[string]string{"tools.md5sums": md5Of(evil) + "  usr/bin/ls\n"}), exe("usr/bin/ls", evil)),
			[]string{"database-changed by layer 1: tools 1 /usr/bin/ls"},
			map[string]string{"/usr/bin/ls": "tools altered"},
		},
		"a program that is added to the list": {
			append(dpkgFiles(map[string]string{
				"tools.list":    "/.\n/usr\n/usr/bin\n/usr/bin/ls\n/usr/bin/evil\n",
				"tools.md5sums": sums + md5Of(evil) + "  usr/bin/evil\n",
			}), exe("usr/bin/evil", evil)),
			[]string{"database-grew by layer 1: tools 1 /usr/bin/evil"},
			map[string]string{"/usr/bin/evil": "unowned", "/usr/bin/ls": "tools intact"},
		},
		"a second stanza of the package": {
			append(dpkgFiles(map[string]string{
				"status": stanza("tools", "1") + stanza("tools", "1", "/etc/cron.d/x "+md5Of("evil")),
			}), file("etc/cron.d/x", "evil")),
			[]string{"database-grew by layer 1: tools 1 /etc/cron.d/x"},
			map[string]string{"/etc/cron.d/x": "unowned"},
		},
		"a program that is called configuration": {
			append(dpkgFiles(map[string]string{
				"status":        stanza("tools", "1", "/usr/bin/ls "+md5Of(evil)),
				"tools.md5sums": "",
			}), exe("usr/bin/ls", evil)),
			[]string{"database-changed by layer 1: tools 1 /usr/bin/ls"},
			map[string]string{"/usr/bin/ls": "tools altered"},
		},
		"digests that are removed, and nothing else": {
			[]member{whiteout("var/lib/dpkg/info/.wh.tools.md5sums")}, nil, map[string]string{
				"/usr/bin/ls": "tools intact",
			},
		},
		"digests that are removed, and a program is replaced": {
			[]member{whiteout("var/lib/dpkg/info/.wh.tools.md5sums"), exe("usr/bin/ls", evil)},
			[]string{"database-changed by layer 1: tools 1 /usr/bin/ls"},
			map[string]string{"/usr/bin/ls": "tools altered"},
		},
		"a path that is taken off the list": {
			append(dpkgFiles(map[string]string{"tools.list": "/.\n/usr\n", "tools.md5sums": ""}), exe("usr/bin/ls", evil)),
			[]string{"database-changed by layer 1: tools 1 /usr/bin/ls"},
			map[string]string{"/usr/bin/ls": "tools altered"},
		},
		"an upgrade": {
			append(dpkgFiles(map[string]string{
				"status": stanza("tools", "2"), "tools.md5sums": md5Of(program("ls 2")) + "  usr/bin/ls\n",
			}), exe("usr/bin/ls", program("ls 2"))),
			nil,
			map[string]string{"/usr/bin/ls": "tools intact"},
		},
		"another package": {
			append(dpkgFiles(map[string]string{
				"status": stanza("tools", "1") + stanza("more", "1"), "more.list": "/usr/bin/more\n",
				"more.md5sums": md5Of(program("more")) + "  usr/bin/more\n",
			}), exe("usr/bin/more", program("more"))),
			nil,
			map[string]string{"/usr/bin/more": "more intact", "/usr/bin/ls": "tools intact"},
		},
		"a package that is removed": {
			append(dpkgFiles(map[string]string{"status": ""}), whiteout("usr/bin/.wh.ls")), nil,
			map[string]string{"/usr/bin/ls": "unowned"},
		},
		"another package that claims the program": {
			append(dpkgFiles(map[string]string{
				"status": stanza("another", "1") + stanza("tools", "1"), "another.list": "/usr/bin/ls\n",
				"another.md5sums": md5Of(evil) + "  usr/bin/ls\n",
			}), exe("usr/bin/ls", evil)),
			[]string{"claimed-twice by layer 1: another 1 /usr/bin/ls"},
			map[string]string{"/usr/bin/ls": "tools altered"},
		},
		"a diversion for a program of no package": {
			append(dpkgFiles(map[string]string{"diversions": "/usr/bin/ls\n/usr/bin/ls.distrib\n:\n"}),
				exe("usr/bin/ls", evil), exe("usr/bin/ls.distrib", ls)),
			[]string{"database-changed by layer 1: tools 1 /usr/bin/ls"},
			map[string]string{"/usr/bin/ls": "tools altered", "/usr/bin/ls.distrib": "tools intact"},
		},
		"a diversion by a package that brings the program": {
			append(dpkgFiles(map[string]string{
				"status": stanza("tools", "1") + stanza("other", "1"), "other.list": "/usr/bin/ls\n",
				"other.md5sums": md5Of("other ls") + "  usr/bin/ls\n",
				"diversions":    "/usr/bin/ls\n/usr/bin/ls.distrib\nother\n",
			}), exe("usr/bin/ls", "other ls"), exe("usr/bin/ls.distrib", ls)),
			nil,
			map[string]string{"/usr/bin/ls": "other intact", "/usr/bin/ls.distrib": "tools intact"},
		},
		"a program that is declared as configuration, and stands in no list": {
			append(dpkgFiles(map[string]string{"status": stanza("tools", "1", "/usr/bin/evil "+md5Of(evil))}),
				exe("usr/bin/evil", evil)),
			nil,
			map[string]string{"/usr/bin/evil": "unowned"},
		},
		"configuration of another version that stands in no list": {
			append(dpkgFiles(map[string]string{"status": stanza("tools", "2", "/etc/old "+md5Of("old")+" obsolete")}),
				file("etc/old", "old")),
			nil,
			map[string]string{"/etc/old": "tools intact"},
		},
		"a package that vouches for a program and brings nothing else": {
			append(dpkgFiles(map[string]string{
				"status":   stanza("tools", "1") + stanza("big", "1"),
				"big.list": "/usr/lib/b\n/usr/lib/c\n/usr/lib/d\n/usr/bin/evil\n",
				"big.md5sums": md5Of("b") + "  usr/lib/b\n" + md5Of("c") + "  usr/lib/c\n" + md5Of("d") + "  usr/lib/d\n" +
					md5Of(evil) + "  usr/bin/evil\n",
			}), exe("usr/bin/evil", evil)),
			[]string{"incomplete-package by layer 1: big 1 /usr/bin/evil"},
			map[string]string{"/usr/bin/evil": "big intact"},
		},
		"a database of another package manager": {
			[]member{
				file("lib/apk/db/installed", "P:evil\nV:1\nF:usr/bin\nR:evil\nZ:"+apkSumOf(evil)+"\n\n"),
				exe("usr/bin/evil", evil),
			},
			[]string{"second-database by layer 1: apk /usr/bin/evil"},
			map[string]string{"/usr/bin/evil": "unowned", "/usr/bin/ls": "tools intact"},
		},
		"a database of another package manager, of data": {
			[]member{file("lib/apk/db/installed", "P:data\nV:1\nF:usr/share\nR:data\n\n"), file("usr/share/data", "d")},
			nil,
			map[string]string{"/usr/share/data": "data without a digest"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := stacked(t, base, test.layer)
			if got := tampered(o); !slices.Equal(got, test.want) {
				t.Errorf("tampered\n%q\nwant\n%q", got, test.want)
			}
			for p, want := range test.stands {
				if got := standing(o, p); got != want {
					t.Errorf("%s: %s, want %s", p, got, want)
				}
			}
		})
	}
}

// The layer that changed the database is named, not the one that changed something else, and a later repair does not
// undo what an earlier layer did.
func TestWhichLayerChangedTheDatabase(t *testing.T) {
	ls, evil := program("ls"), program("evil")
	db := func(content string) []member {
		return dpkgFiles(map[string]string{
			"status": stanza(
				"tools",
				"1",
			), "tools.list": "/usr/bin/ls\n", "tools.md5sums": md5Of(content) + "  usr/bin/ls\n",
		})
	}
	noise := []member{file("srv/x", "x")}
	changed := append(db(evil), exe("usr/bin/ls", evil))
	o := stacked(t, append(db(ls), exe("usr/bin/ls", ls)), noise, changed, noise)
	if got := tampered(o); !slices.Equal(got, []string{"database-changed by layer 2: tools 1 /usr/bin/ls"}) {
		t.Errorf("%q", got)
	}
	c := o.Claims["/usr/bin/ls"]
	if c.Recalled != 2 || !strings.Contains(c.Rewritten(), "layer 2") || o.history.Since(c) != 0 {
		t.Errorf("claim %+v, since layer %d", c, o.history.Since(c))
	}
	o = stacked(t, append(db(ls), exe("usr/bin/ls", ls)), changed, append(db(ls), exe("usr/bin/ls", ls)))
	if got := standing(o, "/usr/bin/ls"); got != "tools intact" || len(o.Tampered) > 0 {
		t.Errorf("put back: %s, %q", got, tampered(o))
	}
}

// A file that came with a later layer than its package is named: its database vouches for an older one.
func TestFilesThatCameAfterTheirPackage(t *testing.T) {
	ls := program("ls")
	base := append(dpkgFiles(map[string]string{
		"status": stanza("tools", "1"), "tools.list": "/usr/bin/ls\n/usr/bin/cat\n", "tools.md5sums": "",
	}), exe("usr/bin/ls", ls), exe("usr/bin/cat", program("cat")))
	o := stacked(t, base, []member{exe("usr/bin/ls", program("other"))})
	for p, want := range map[string]bool{"/usr/bin/ls": true, "/usr/bin/cat": false} {
		if n := o.Tree.Get(p); o.Later(n) != want || !o.Unproven(p) {
			t.Errorf("%s came later: %v, unproven %v", p, o.Later(n), o.Unproven(p))
		}
	}
	if n := o.Tree.Get("/usr"); o.Later(n) || o.Unproven("/usr") {
		t.Error("what no package claims came after its package")
	}
}

// rpm lets packages of two architectures hold a path with two contents; a package that only a later layer brings may
// not add a content to what another one's file may be.
func TestASecondContentOfRPM(t *testing.T) {
	sum := func(content string) string { return sumOf([]byte(content))[7:] }
	ls, evil := program("ls"), program("evil")
	pkg := func(name, content string) []byte {
		return rpmHeader(name, 8, rpmFile{Path: "/usr/bin/ls", Digest: sum(content)})
	}
	db := func(headers ...[]byte) member { return file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, headers...)) }
	o := stacked(t, []member{exe("usr/bin/ls", ls), db(pkg("tools", ls))},
		[]member{exe("usr/bin/ls", evil), db(pkg("tools", ls), pkg("evil", evil))})
	if got := standing(o, "/usr/bin/ls"); got != "tools altered" {
		t.Errorf("a package of a later layer vouches for the file: %s", got)
	}
	o = stacked(t, []member{exe("usr/bin/ls", ls), db(pkg("tools", evil), pkg("tools-i686", ls))})
	if got := standing(o, "/usr/bin/ls"); got != "tools intact" || len(o.Tampered) > 0 {
		t.Errorf("two architectures of one layer: %s, %q", got, tampered(o))
	}
}

// rpm knows files that a package does not bring (%ghost): a program is vouched for by none, data may be.
func TestGhostsVouchForNoProgram(t *testing.T) {
	header := rpmHeader("p", 8,
		rpmFile{Path: "/usr/bin/ghost", Flags: rpmdb.RPMFILE_GHOST}, rpmFile{
			Path: "/var/log/p", Flags: rpmdb.RPMFILE_GHOST,
		},
		rpmFile{Path: "/etc/p", Digest: sumOf([]byte("theirs"))[7:], Flags: rpmdb.RPMFILE_CONFIG},
		rpmFile{Path: "/usr/bin/p", Digest: sumOf([]byte(program("p")))[7:], Flags: rpmdb.RPMFILE_CONFIG},
	)
	_, o := ownOf(t, file("var/lib/rpm/rpmdb.sqlite", sqliteOf(t, header)), exe("usr/bin/ghost", program("x")),
		file("var/log/p", "log"), file("etc/p", "mine"), exe("usr/bin/p", program("p")))
	for p, want := range map[string]string{
		"/usr/bin/ghost": "unowned", "/var/log/p": "p without a digest", "/etc/p": "p altered", "/usr/bin/p": "p intact",
	} {
		if got := standing(o, p); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
	if !o.Claims["/etc/p"].Config || o.Claims["/usr/bin/p"].Config {
		t.Error("a program is taken for configuration, or configuration for a program")
	}
}

// An image that throws its package database away keeps what the layers below had: the database that vouched for its
// files is still in the image.
func TestADatabaseThatALaterLayerRemoves(t *testing.T) {
	ls, evil := program("ls"), program("evil")
	base := append(dpkgFiles(map[string]string{
		"status": stanza("tools", "1"), "tools.list": "/usr/bin/ls\n/usr/bin/cat\n",
		"tools.md5sums": md5Of(ls) + "  usr/bin/ls\n" + md5Of("cat") + "  usr/bin/cat\n",
	}), exe("usr/bin/ls", ls), exe("usr/bin/cat", "cat"))
	gone := whiteout("var/lib/.wh.dpkg")
	for name, test := range map[string]struct {
		layers [][]member
		want   string
	}{
		"a slim image":               {[][]member{{gone, whiteout("usr/bin/.wh.cat")}}, "tools intact"},
		"an upgrade before":          {[][]member{{gone, exe("usr/bin/ls", program("ls 2"))}}, "unowned"},
		"a program of a later layer": {[][]member{{gone}, {exe("usr/bin/ls", evil)}}, "tools altered"},
		"status alone": {
			[][]member{{whiteout("var/lib/dpkg/.wh.status")}, {exe("usr/bin/ls", evil)}}, "tools altered",
		},
		"an empty database": {
			[][]member{{file("var/lib/dpkg/status", "")}, {exe("usr/bin/ls", evil)}}, "tools altered",
		},
		"the program first": {[][]member{{exe("usr/bin/ls", evil)}, {gone}}, "tools altered"},
		"a database of another manager": {
			[][]member{{gone, file("lib/apk/db/installed", "P:x\nV:1\nF:usr/bin\nR:ls\n"), exe("usr/bin/ls", evil)}}, "unowned",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := stacked(t, append([][]member{base}, test.layers...)...)
			if got := standing(o, "/usr/bin/ls"); got != test.want {
				t.Errorf("%s, want %s (%s: %s)", got, test.want, o.Level, o.Detail)
			}
			if o.Level != Partial || !strings.Contains(o.Detail, "removed the package database") {
				t.Errorf("ownership %s: %s", o.Level, o.Detail)
			}
			for _, c := range o.Missing {
				if c.Path == "/usr/bin/cat" {
					t.Error("what a builder took out with its database is called missing")
				}
			}
		})
	}
}

func TestLayersThatTouchDatabases(t *testing.T) {
	tree := treeOfLayers(t,
		[]member{file("srv/a", "1")},
		[]member{file("var/lib/dpkg/status", "x")},
		[]member{file("srv/b", "1"), file("opt/var/lib/dpkg/status", "x"), file("var/lib/dpkg/lock", "")},
		[]member{whiteout("var/lib/dpkg/.wh.status")},
		[]member{file("usr/lib/opkg/info/x.list", "")},
	)
	if got := fmt.Sprint(databaseLayers(tree)); got != "[1 2 3 4]" {
		t.Errorf("layers %s", got)
	}
	for p, want := range map[string]string{
		"/var/lib/dpkg/status":              "dpkg",
		"/var/lib/dpkg/diversions":          "dpkg",
		"/var/lib/dpkg/info/a.list":         "dpkg",
		"/var/lib/dpkg/info/a.md5sums":      "dpkg",
		"/var/lib/dpkg/info/a.postinst":     "",
		"/var/lib/dpkg/alternatives/x":      "",
		"/var/lib/dpkg/status.d/tz":         "dpkg (distroless)",
		"/lib/apk/db/installed":             "apk",
		"/srv/installed":                    "",
		"/usr/share/rpm/Packages":           "rpm",
		"/srv/Packages":                     "",
		"/var/lib/chisel/manifest.wall":     "chisel",
		"/srv/manifest.wall":                "",
		"/var/lib/pacman/local/a-1/desc":    "pacman",
		"/srv/desc":                         "",
		"/opt/lib/opkg/status":              "opkg",
		"/srv/status":                       "",
		"/var/lib/opkg/info/a.list":         "opkg",
		"/var/lib/apt/lists/info/a.list":    "",
		"/usr/lib/python3/x.dist-info/list": "",
	} {
		if got := databaseKind(p); got != want {
			t.Errorf("%s is of %q, want %q", p, got, want)
		}
	}
}

// What is deleted and what is shadowed is only of interest where no package had brought it.
func TestDeletedFilesOfPackages(t *testing.T) {
	base := append(dpkgFiles(map[string]string{"status": stanza("p", "1"), "p.list": "/bin/a\n/usr/bin/b\n"}),
		symlink("bin", "usr/bin"), exe("usr/bin/a", "a"), exe("usr/bin/b", "b"), exe("usr/bin/dropped", "d"))
	tree := treeOfLayers(t, base, []member{exe("opt/x", "x")}, []member{
		file(
			"var/lib/dpkg/status",
			"",
		), whiteout("var/lib/dpkg/info/.wh.p.list"), whiteout("usr/bin/.wh.a"), exe("usr/bin/b", "other"), whiteout("usr/bin/.wh.dropped"), whiteout("opt/.wh.x"),
	})
	left, err := Unpackaged(t.Context(), tree, tree.Shadowed())
	must(t, err)
	var got []string
	for _, s := range left {
		if !databaseFile(s.Node.Path) {
			got = append(got, s.Node.Path)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"/opt/x", "/usr/bin/dropped"}) {
		t.Errorf("left %q", got)
	}
	if left, err := Unpackaged(t.Context(), tree, nil); err != nil || len(left) > 0 {
		t.Errorf("of nothing: %v, %v", left, err)
	}
}

// The paths that one thing covers are bounded, and so is what is listed of it.
func TestTamperingIsBounded(t *testing.T) {
	list, members := "/usr/bin/ls\n", []member{}
	for i := range 3 * MaxTamperedPaths {
		list += fmt.Sprintf("/usr/bin/evil-%03d\n", i)
		members = append(members, exe(fmt.Sprintf("usr/bin/evil-%03d", i), program(fmt.Sprint(i))))
	}
	base := dpkgFiles(map[string]string{"status": stanza("tools", "1"), "tools.list": "/usr/bin/ls\n"})
	o := stacked(
		t,
		append(base, exe("usr/bin/ls", "x")),
		append(members, dpkgFiles(map[string]string{"tools.list": list})...),
	)
	if len(o.Tampered) != 1 || len(o.Tampered[0].Paths) != MaxTamperedPaths || !o.Tampered[0].Program {
		t.Fatalf("%d things, %d paths", len(o.Tampered), len(o.Tampered[0].Paths))
	}
	if !slices.IsSorted(o.Tampered[0].Paths) || o.Tampered[0].File != dpkgStatus {
		t.Errorf("%+v", o.Tampered[0])
	}
	for n := range o.Tree.Below("/usr/bin") {
		if n.Path != "/usr/bin/ls" && layer.IsRegular(n) && o.Packaged(n.Path) {
			t.Fatalf("%s counts as packaged", n.Path)
		}
	}
}
