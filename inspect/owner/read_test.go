package owner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	rpmdb "github.com/anchore/go-rpmdb/pkg"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// A RECORD counts for what lies beside it and for the programs of its own environment. What a package of the system
// names too is the system's, and a digest of another algorithm is none.
func TestPackagesOfPython(t *testing.T) {
	const info = "num-1.2.dist-info/"
	rows := record(
		"num/a.py",
		"a = 1\n",
	) + record(
		"../../../bin/num",
		"#!/bin/sh\n",
	) + record(
		"../../../../bin/sh",
		"sh",
	) +
		"num/b.py,md5=00,1\n" + record(
		"../other/x.py",
		"x",
	) + record(
		"/etc/cron.d/x",
		"x",
	)
	members := []member{
		file(site+"num/a.py", "a = 1\n"), file(site+"num/b.py", "b"), exe("usr/local/bin/num", "#!/bin/sh\n"),
		exe("usr/bin/sh", "sh"), file("usr/local/lib/python3.13/other/x.py", "x"), file("etc/cron.d/x", "x"),
		file(site+info+"RECORD", rows), file(site+"old-1-py3.13.egg-info/installed-files.txt", "../old.py\n"),
		file(site+"old.py", "o"), file(site+"evil.py", "e"), file("srv/x-1.dist-info/RECORD", record("y.py", "y")),
		file("srv/y.py", "changed"),
	}
	_, o := ownOf(t, members...)
	for p, want := range map[string]string{
		"/" + site + "num/a.py":                    "python num intact",
		"/" + site + "num/b.py":                    "python num without a digest",
		"/usr/local/bin/num":                       "python num intact",
		"/" + site + "old.py":                      "python old without a digest",
		"/" + site + "evil.py":                     "unowned",
		"/usr/bin/sh":                              "unowned",
		"/etc/cron.d/x":                            "unowned",
		"/usr/local/lib/python3.13/other/x.py":     "unowned",
		"/srv/y.py":                                "python x altered",
		"/usr/local/lib/python3.13/site-packages/": "unowned",
	} {
		if got := standing(o, p); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
	if o.Packaged("/usr/local/bin/num") || !o.Names("/usr/local/bin/num") || o.Names("/nothing") {
		t.Error("a package of a language passes for one of the system")
	}
	if o.Level != Unknown {
		t.Errorf("ownership %s: a language's packages say nothing about the rest", o.Level)
	}
}

// The system's package goes before a language's that names the same file, whatever digest the second one has.
func TestTheSystemGoesBeforeALanguage(t *testing.T) {
	const info = "usr/lib/python3/dist-packages/num-1.dist-info/"
	members := append(dpkgFiles(map[string]string{
		"status": stanza("python3-num", "1"), "python3-num.list": "/usr/lib/python3/dist-packages/num.py\n",
		"python3-num.md5sums": md5Of("true") + "  usr/lib/python3/dist-packages/num.py\n",
	}), file("usr/lib/python3/dist-packages/num.py", "evil"), file(info+"RECORD", record("num.py", "evil")))
	if _, o := ownOf(t, members...); standing(o, "/usr/lib/python3/dist-packages/num.py") != "python3-num altered" {
		t.Errorf("%s", standing(o, "/usr/lib/python3/dist-packages/num.py"))
	}
}

// conda's lists count within their environment. A folder of conda's in the root of the system would claim all of it:
// anybody can make one.
func TestEnvironmentsOfConda(t *testing.T) {
	list := func(files ...string) string { return fmt.Sprintf(`{"name":"x","version":"1","files":[%q]}`, files[0]) }
	_, o := ownOf(t,
		file("opt/conda/conda-meta/x-1.json", list("lib/a.py")), file("opt/conda/lib/a.py", "a"),
		file("opt/conda/conda-meta/history", "not JSON"), file("opt/conda/conda-meta/broken.json", "{"),
		file("conda-meta/x-1.json", list("opt/evil")), exe("opt/evil", program("e")),
		file("usr/conda-meta/x-1.json", list("lib/security/pam_x.so")), file("usr/lib/security/pam_x.so", program("p")),
		file("opt/conda/lib/python3.13/site-packages/n-1.dist-info/RECORD", record("n.py", "before")),
		file("opt/conda/lib/python3.13/site-packages/n.py", "after conda wrote its prefix"),
	)
	for p, want := range map[string]string{
		"/opt/conda/lib/a.py": "conda x without a digest", "/opt/evil": "unowned", "/usr/lib/security/pam_x.so": "unowned",
		"/opt/conda/lib/python3.13/site-packages/n.py": "python n without a digest",
	} {
		if got := standing(o, p); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
}

func TestAManifestOfChiselInAnImage(t *testing.T) {
	text := `{"kind":"package","name":"tools","version":"1","arch":"amd64"}` + "\n" +
		`{"kind":"path","path":"/usr/bin/a","slices":["tools_bins"],"sha256":"` + sumOf([]byte("a"))[7:] + `"}` + "\n" +
		`{"kind":"path","path":"/usr/bin/b","slices":["tools_bins"],"sha256":"` + sumOf([]byte("b"))[7:] + `"}` + "\n"
	manifest := file("var/lib/chisel/manifest.wall", string(zstdOf(t, []byte(text))))
	_, o := ownOf(t, manifest, exe("usr/bin/a", "a"), exe("usr/bin/b", "changed"), exe("usr/bin/c", "c"))
	for p, want := range map[string]string{
		"/usr/bin/a": "tools intact", "/usr/bin/b": "tools altered", "/usr/bin/c": "unowned",
	} {
		if got := standing(o, p); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
	if _, o := ownOf(t, file("var/lib/chisel/manifest.wall", "not zstd")); o.Level != Unknown || o.Detail == "" {
		t.Errorf("a broken manifest: %s %s", o.Level, o.Detail)
	}
}

// One broken database leaves the ownership partial, with the reason; the others still count.
func TestABrokenDatabaseBesideOthers(t *testing.T) {
	members := append(dpkgFiles(map[string]string{
		"status": stanza("tools", "1"), "tools.list": "/usr/bin/ls\n", "tools.md5sums": md5Of("ls") + "  usr/bin/ls\n",
	}), exe("usr/bin/ls", "ls"))
	_, o := ownOf(t, append(members, file("var/lib/rpm/Packages", strings.Repeat("x", 600)))...)
	if o.Level != Partial || !strings.Contains(o.Detail, "rpm database is broken") ||
		standing(o, "/usr/bin/ls") != "tools intact" {
		t.Errorf("ownership %s: %s, %s", o.Level, o.Detail, standing(o, "/usr/bin/ls"))
	}
	o.AddGap("layer 3 was not read")
	if !strings.HasSuffix(o.Detail, "; layer 3 was not read") || o.Level != Partial {
		t.Errorf("ownership %s: %s", o.Level, o.Detail)
	}
	whole := &Ownership{Level: Known}
	whole.AddGap("layer 3 was not read")
	if whole.Level != Partial || whole.Detail != "layer 3 was not read" {
		t.Errorf("ownership %s: %s", whole.Level, whole.Detail)
	}
	unknown := &Ownership{Level: Unknown}
	if unknown.AddGap("x"); unknown.Level != Unknown {
		t.Errorf("a gap makes ownership %s", unknown.Level)
	}
}

// Some packages of the base have no lists: that is said. Those of a later layer are no reason to judge the base mildly.
func TestPackagesWithoutLists(t *testing.T) {
	status := ""
	for i := range 8 {
		status += stanza(fmt.Sprintf("bare%d", i), "1")
	}
	whole := dpkgFiles(map[string]string{
		"status": stanza("tools", "1"), "tools.list": "/usr/bin/ls\n", "tools.md5sums": md5Of("ls") + "  usr/bin/ls\n",
	})
	ls := exe("usr/bin/ls", "ls")
	o := stacked(t, append(slices.Clone(whole), ls, file("var/lib/dpkg/status", stanza("tools", "1")+status)))
	if o.Level != Partial ||
		!strings.Contains(o.Detail, "8 of 9 packages are not listed: bare0, bare1, bare2, bare3, bare4") ||
		strings.Contains(o.Detail, "bare5") {
		t.Errorf("ownership %s: %s", o.Level, o.Detail)
	}
	o = stacked(t, append(slices.Clone(whole), ls), []member{file("var/lib/dpkg/status", stanza("tools", "1")+status)})
	if o.Level != Known {
		t.Errorf("packages of a later layer: %s: %s", o.Level, o.Detail)
	}
	o = stacked(t, []member{file("var/lib/dpkg/status", status), ls})
	if o.Level != Unknown || !strings.Contains(o.Detail, "names 8 packages and none of their files") {
		t.Errorf("no lists at all: %s: %s", o.Level, o.Detail)
	}
}

// The cache gives the same answer for the same layers, and ends with its context.
func TestOwnershipIsReadOnce(t *testing.T) {
	tree := treeOfLayers(
		t,
		append(dpkgFiles(map[string]string{"status": stanza("tools", "1"), "tools.list": "/usr/bin/ls\n"}),
			exe("usr/bin/ls", "ls")),
	)
	c := NewCache()
	one, err := c.Of(t.Context(), tree)
	must(t, err)
	two, err := c.Of(t.Context(), tree)
	must(t, err)
	if one != two || one.bytes() <= 0 {
		t.Errorf("the databases of one image are read twice, or take %d bytes", one.bytes())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewCache().Of(ended, tree); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Digests of old algorithms are computed once for each content, and kept with the layer that holds it.
func TestOldDigestsAreKept(t *testing.T) {
	tree := treeOfLayers(t, []member{file("a", "same"), file("b", "same"), file("c", "other"), file("d", "")})
	want := func(p, algorithm string) digestRequest { return digestRequest{tree.Get(p), algorithm} }
	all := []digestRequest{
		want("/a", "md5"),
		want("/b", "md5"),
		want("/c", "sha1"),
		want("/c", "sha256"),
		want("/c", "crc32"),
	}
	w := newLegacyDigests(tree)
	must(t, w.make(t.Context(), all))
	if w.get(all[0]) != md5Of("same") || w.get(all[1]) != md5Of("same") || w.get(all[3]) != tree.Get("/c").SHA256 {
		t.Errorf("digests %q", w.sums)
	}
	if w.get(all[4]) != "" || w.get(want("/d", "md5")) != "" {
		t.Error("a digest that was never made")
	}
	kept, err := tree.Record(layer.RecordWeak, tree.DiffID(0))
	must(t, err)
	if n := strings.Count(string(kept), "\n"); n != 2 {
		t.Errorf("%d digests are kept: %q", n, kept)
	}
	again := newLegacyDigests(tree)
	if again.get(all[1]) != md5Of("same") || again.get(all[2]) == "" {
		t.Errorf("nothing comes back: %q", again.sums)
	}
	must(t, tree.PutRecord(layer.RecordWeak, tree.DiffID(0), []byte("broken\nx y\n\n a b c\n")))
	if broken := newLegacyDigests(tree); broken.get(all[0]) != "" {
		t.Errorf("a broken record: %q", broken.sums)
	}
}

func TestAlgorithmsOfDigests(t *testing.T) {
	for algorithm, size := range map[string]int{"md5": 16, "sha1": 20, "sha224": 28, "sha384": 48, "sha512": 64} {
		if h := newLegacyHash(algorithm); h == nil || h.Size() != size {
			t.Errorf("%s has %v", algorithm, h)
		}
	}
	for _, algorithm := range []string{"", "sha256", "MD5", "crc32"} {
		if newLegacyHash(algorithm) != nil {
			t.Errorf("%q is computed", algorithm)
		}
	}
	for number, want := range map[rpmdb.DigestAlgorithm]string{
		0: "md5", 1: "md5", 2: "sha1", 8: "sha256", 9: "sha384",
		10: "sha512", 11: "sha224", 3: "", 99: "", -1: "",
	} {
		if got := rpmAlgorithm(number); got != want {
			t.Errorf("algorithm %d is %q, want %q", number, got, want)
		}
	}
}

// Headers of rpm hold parallel lists, which a hostile one lets contradict each other.
func TestListsOfAHeaderThatContradict(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	p := &rpmdb.PackageInfo{
		Name: "p", Version: "1", Release: "2", DigestAlgorithm: rpmdb.PGPHASHALGO_SHA256,
		BaseNames:   []string{"a", "b", "c", "d", "", "e"},
		DirIndexes:  []int32{0, 7, -1, 1, 0},
		DirNames:    []string{"/usr/bin/", "../../etc/"},
		FileDigests: []string{sum, sum, sum, "no hex"},
		FileFlags:   []int32{rpmdb.RPMFILE_GHOST | rpmdb.RPMFILE_CONFIG},
	}
	var got []string
	for _, c := range rpmClaims(p) {
		got = append(got, fmt.Sprintf("%s %s %.10s %v %v", c.Path, c.Version, c.Sum, c.Config, c.ghost))
	}
	if want := []string{"/usr/bin/a 1-2  true true", "/etc/d 1-2  false false"}; !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if got := rpmClaims(&rpmdb.PackageInfo{}); len(got) > 0 {
		t.Errorf("an empty header: %v", got)
	}
}

// What counts as a program: by its kind, or a text that may be run; data that is executable by accident is none.
func TestWhatIsAProgram(t *testing.T) {
	node := func(p string, kind inspect.Kind, mode uint32, mime string) *inspect.Node {
		return &inspect.Node{
			Entry: inspect.Entry{Path: p, Type: inspect.EntryFile, Kind: kind, Mode: mode, MIME: mime, Size: 1},
		}
	}
	empty, link := node("/x", "", 0o755, "text/plain"), node("/x", inspect.KindELF, 0o755, "")
	empty.Size, link.Type = 0, inspect.EntrySymlink
	for name, test := range map[string]struct {
		node   *inspect.Node
		want   bool
		binary bool
	}{
		"a library":                      {node("/x.so", inspect.KindELF, 0o644, ""), true, true},
		"a program of Windows":           {node("/x", inspect.KindPE, 0o644, ""), true, true},
		"WebAssembly":                    {node("/x", inspect.KindWASM, 0, ""), true, true},
		"a script":                       {node("/x", inspect.KindScript, 0o755, "text/plain"), true, false},
		"a script that may not be run":   {node("/x", inspect.KindScript, 0o644, "text/plain"), false, false},
		"a text that may be run":         {node("/x", "", 0o755, "text/plain"), true, false},
		"with the name of a script":      {node("/x.SH", "", 0o700, "text/plain; charset=utf-8"), true, false},
		"with the name of something":     {node("/x.md", "", 0o755, "text/plain"), false, false},
		"a text that may not be run":     {node("/x", "", 0o644, "text/plain"), false, false},
		"a picture that may be run":      {node("/x", "", 0o755, "image/png"), false, false},
		"nothing that may be run":        {empty, false, false},
		"a link":                         {link, false, true},
		"an archive of Java, executable": {node("/x.jar", inspect.KindJar, 0o755, ""), true, false},
	} {
		if got := IsProgram(test.node); got != test.want || hasBinaryKind(test.node) != test.binary {
			t.Errorf("%s: program %v, binary %v", name, got, hasBinaryKind(test.node))
		}
	}
}

// Numbers of SQLite have one to nine bytes; each value that is written comes back, and a part of one is none.
func TestNumbersOfSQLite(t *testing.T) {
	for _, want := range []uint64{0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 1 << 35, 1<<56 - 1, 1 << 56, 1<<64 - 1} {
		var b []byte
		if want >= 1<<56 {
			b = append(b, byte(want))
			for v, i := want>>8, 0; i < 8; v, i = v>>7, i+1 {
				b = append(b, byte(v&0x7f)|0x80)
			}
		} else {
			b = append(b, byte(want&0x7f))
			for v := want >> 7; v > 0; v >>= 7 {
				b = append(b, byte(v&0x7f)|0x80)
			}
		}
		slices.Reverse(b)
		if got, n := sqliteVarint(b); got != want || n != len(b) {
			t.Errorf("%d comes back as %d of %d bytes (%x)", want, got, n, b)
		}
		if _, n := sqliteVarint(b[:len(b)-1]); n != 0 {
			t.Errorf("%d without its last byte is a number of %d bytes", want, n)
		}
	}
	for kind, want := range map[uint64]int64{1: -1, 2: -1, 8: 0, 9: 1, 12: 0, 0: 0} {
		if got := (sqliteValue{kind, []byte{0xff, 0xff}[:min(2, max(1, int(kind)))]}).integer(); got != want {
			t.Errorf("type %d is %d, want %d", kind, got, want)
		}
	}
	if (sqliteValue{12, []byte("x")}).text() != "" || (sqliteValue{13, []byte("x")}).text() != "x" {
		t.Error("a blob is a text, or a text is none")
	}
	if (sqliteValue{1, []byte("x")}).bytes() != nil || string((sqliteValue{13, []byte("x")}).bytes()) != "x" {
		t.Error("a number is a blob, or a text is none")
	}
}
