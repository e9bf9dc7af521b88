package layer

import (
	"archive/tar"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

func global(name string) member {
	return member{
		Header: tar.Header{Name: name, Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}},
	}
}

func device(name string, major, minor int64) member {
	return member{Header: tar.Header{Name: name, Typeflag: tar.TypeChar, Mode: 0o644, Devmajor: major, Devminor: minor}}
}

// Each layer is unpacked entry by entry; what overlayfs makes of it is what is shown.
func TestUnpack(t *testing.T) {
	low := []member{dir("d"), file("d/a", "1"), file("d/b", "2"), symlink("link", "d"), file("f", "3")}
	for name, test := range map[string]struct {
		layer   []member
		want    string
		odd     string // what runtimes differ in
		refused string
	}{
		"an opaque marker in the root directory": {
			[]member{whiteout(".wh..wh..opq"), file("x", "")}, "/d/a /d/b /f /x", "overlayfs ignores it", "",
		},
		"a whiteout, and then the directory": {
			[]member{whiteout(".wh.d"), dir("d"), file("d/c", "")}, "/d/a /d/b /d/c /f", "removed and made again", "",
		},
		"a directory, a file, and a directory": {
			[]member{whiteout("d/.wh.a"), file("d", ""), dir("d")}, "/d/a /d/b /f", "removed and made again", "",
		},
		"a file and a directory": {
			[]member{file("d", ""), dir("d")}, "/d/a /d/b /f", "removed and made again", "",
		},
		"an opaque marker that goes with its directory": {
			[]member{whiteout("d/.wh..wh..opq"), file("d", ""), dir("d")}, "/d/a /d/b /f", "removed and made again", "",
		},
		"an opaque marker behind what it keeps": {
			[]member{dir("d"), file("d/c", ""), whiteout("d/.wh..wh..opq")}, "/d/c /f", "", "",
		},
		"an opaque marker behind unlisted directories": {
			[]member{dir("d"), file("d/e/c", ""), whiteout("d/.wh..wh..opq")},
			"/d/e/c /f",
			"after files of its own layer", "",
		},
		"a name through a link of a lower layer": {
			[]member{file("link/x", "")}, "/d/a /d/b /f /link/x", "has as a link", "",
		},
		"a name below a file of a lower layer": {
			[]member{file("f/x", "")}, "/d/a /d/b /f/x", "has as a link or a file", "",
		},
		"a whiteout by a device": {
			[]member{device("d/a", 0, 0)}, "/d/b /f", "character device 0:0", "",
		},
		"a further name of a whiteout": {
			[]member{whiteout("d/.wh.zz"), hardlink("f", "d/zz")}, "/d/a /d/b", "character device 0:0", "",
		},
		"a header that has the name of a file": {
			[]member{global("f")}, "/d/a /d/b /f", "PAX global header", "",
		},
		"a header that has the name of its own file": {[]member{file("x", ""), global("x")}, "/d/a /d/b /f", "", ""},
		"bookkeeping of aufs": {
			[]member{whiteout(".wh..wh.plnk"), whiteout(".wh..wh.aufs")}, "/d/a /d/b /f", "", "",
		},
		"whiteouts of nothing": {
			[]member{whiteout("d/.wh.zz"), whiteout("n/.wh.zz")}, "/d/a /d/b /f", "", "",
		},
		"a whiteout of its own layer's file": {
			[]member{file("d/c", ""), whiteout("d/.wh.c")},
			"/d/a /d/b /f", "",
			"whiteout in the layer that also contains it",
		},
		"a whiteout twice": {
			[]member{whiteout("d/.wh.a"), whiteout("d/.wh.a")}, "/d/b /f", "", "whiteout in the layer",
		},
		"files below a whiteout": {
			[]member{whiteout(".wh.d"), file("d/c", "")}, "/d/c /f", "", "is no directory",
		},
		"a hard link to a lower layer": {
			[]member{hardlink("x", "d/a")}, "/d/a /d/b /f /x", "", "does not hold before it",
		},
		"a hard link to what comes later": {
			[]member{hardlink("x", "y"), file("y", "")}, "/d/a /d/b /f /y", "", "does not hold before it",
		},
		"a hard link to a directory": {
			[]member{dir("e"), hardlink("x", "e")}, "/d/a /d/b /f", "", "hard link to the directory",
		},
		"a hard link to itself": {
			[]member{file("x", ""), hardlink("x", "x")}, "/d/a /d/b /f", "", "does not hold before it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := treeOfLayers(t, low, test.layer)
			var got []string
			for n := range tree.All() {
				if isRegular(n) {
					got = append(got, n.Path)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			odd := tree.Oddness(1)
			if !strings.Contains(odd.Refused, test.refused) || test.refused == "" && odd.Refused != "" {
				t.Errorf("refused %q, want %q", odd.Refused, test.refused)
			}
			if all := strings.Join(odd.Differs, "\n"); test.refused == "" &&
				(!strings.Contains(all, test.odd) || test.odd == "" && all != "") {
				t.Errorf("runtimes differ in %q, want %q", all, test.odd)
			}
		})
	}
}

// A link has no mode of its own: that of its header is set on the file, and setting the owner takes capabilities away.
func TestTheHeaderOfAHardLinkIsSetOnItsFile(t *testing.T) {
	capable := member{Header: headerWith("ping", attributeCapability, "\x01"), Content: "p"}
	tree := treeOfLayers(t, []member{
		capable, exe("sh", "s"),
		{Header: tar.Header{Name: "second", Linkname: "ping", Mode: 0o755, Typeflag: tar.TypeLink}},
		{
			Header: tar.Header{
				Name:       "notes",
				Linkname:   "sh",
				Mode:       0o4755,
				Uid:        7,
				Typeflag:   tar.TypeLink,
				PAXRecords: map[string]string{xattrPrefix + "user.x": "y"},
			},
		},
	})
	for _, p := range []string{"/sh", "/notes"} {
		if n := tree.Get(p); n.Mode != 0o4755 || n.UID != 7 || n.Xattrs["user.x"] != "y" || read(t, tree, n) != "s" {
			t.Errorf("%+v", n)
		}
	}
	for _, p := range []string{"/ping", "/second"} {
		if n := tree.Get(p); len(n.Xattrs) > 0 || read(t, tree, n) != "p" {
			t.Errorf("%+v", n)
		}
	}
	if odd := tree.Oddness(0).Differs; len(odd) != 1 || !strings.HasPrefix(odd[0], `"/notes"`) {
		t.Errorf("runtimes differ in %q", odd)
	}
}

// Where a layer that overlayfs refuses has a further name of a lower file, the mode of that name is the lower file's
// too.
func TestAHardLinkAcrossLayersChangesTheLowerFile(t *testing.T) {
	tree := treeOfLayers(
		t,
		[]member{
			exe("sh", "s"),
			{Header: tar.Header{Name: "bash", Linkname: "sh", Mode: 0o755, Typeflag: tar.TypeLink}},
		},
		[]member{{Header: tar.Header{Name: "x", Linkname: "bash", Mode: 0o4755, Typeflag: tar.TypeLink}}},
	)
	for _, p := range []string{"/sh", "/bash", "/x"} {
		if n := tree.Get(p); n.Mode != 0o4755 || n.Layer != 1 || read(t, tree, n) != "s" {
			t.Errorf("%+v", n)
		}
	}
	if a, m, r := tree.Changes(1); a != 1 || m != 2 || r != 0 {
		t.Errorf("%d added, %d modified, %d removed", a, m, r)
	}
	var changes []string
	for _, n := range tree.LayerNodes(1) {
		changes = append(changes, n.Path+" "+string(n.Change))
	}
	if want := []string{"/bash modified", "/sh modified", "/x added"}; !slices.Equal(changes, want) {
		t.Errorf("changes %q", changes)
	}
}

// Directories that no entry names have what the same directory of a lower layer has.
func TestUnlistedDirectoriesKeepTheirMode(t *testing.T) {
	secret := dir("secret").WithMode(0o2700)
	secret.Gid = 5
	tree := treeOfLayers(
		t,
		[]member{secret},
		[]member{file("secret/new/x", "1")},
		[]member{whiteout(".wh.secret")},
		[]member{file("secret/y", "1")},
	)
	if n := tree.Get("/secret"); n.Mode != 0o755 || n.GID != 0 {
		t.Errorf("made again: %+v", n)
	}
	tree = treeOfLayers(t, []member{secret}, []member{file("secret/new/x", "1")})
	if n := tree.Get("/secret"); n.Mode != 0o2700 || n.GID != 5 || n.Layer != 0 {
		t.Errorf("%+v", n)
	}
	if n := tree.Get("/secret/new"); n.Mode != 0o755 || n.GID != 5 {
		t.Errorf("a directory in one that hands on its group: %+v", n)
	}
}

func TestLinksAreFollowedAsContainerdDoes(t *testing.T) {
	chain := func(n int) []member {
		return append(
			many(n, func(i int) member { return symlink(fmt.Sprintf("l%d", i), fmt.Sprintf("l%d", i+1)) }),
			file("l0/x", "1"),
		)
	}
	for name, test := range map[string]struct {
		layer []member
		want  string
	}{
		"a chain of 255 links": {chain(255), "/l255/x"},
		"one more":             {chain(257), "/l0/x"}, // is refused, and shown as named
		"an absolute link":     {[]member{symlink("a", "/b"), file("a/x", "1")}, "/b/x"},
		"out of the root":      {[]member{symlink("a", "../../b"), file("a/x", "1")}, "/b/x"},
		"up from where a link leads to": {
			[]member{symlink("a", "b/c"), dir("b/c"), symlink("u", "a/../d"), file("u/x", "1")}, "/b/d/x",
		},
		"a link that was replaced by a directory": {
			[]member{symlink("a", "b"), file("a/x", "1"), dir("a"), file("a/y", "1")}, "/a/y /b/x",
		},
		"a directory that was replaced by a link": {[]member{dir("a"), symlink("a", "b"), file("a/x", "1")}, "/b/x"},
		"a link to a place that is made only later": {
			[]member{symlink("a", "b"), symlink("b", "c"), file("a/x", "1")}, "/c/x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := treeOfLayers(t, test.layer)
			var got []string
			for n := range tree.All() {
				if isRegular(n) {
					got = append(got, n.Path)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Attributes that containerd cannot set are none.
func TestAttributesThatNobodySets(t *testing.T) {
	h := headerWith("f", "trusted.x", "1")
	h.PAXRecords[xattrPrefix+"nothing.x"], h.PAXRecords[xattrPrefix+"user.x"] = "1", "1"
	link := member{
		Header: tar.Header{
			Name:       "l",
			Linkname:   "f",
			Typeflag:   tar.TypeSymlink,
			PAXRecords: map[string]string{xattrPrefix + "user.x": "1", xattrPrefix + "security.x": "1"},
		},
	}
	tree := treeOfLayers(t, []member{{Header: h, Content: "1"}, link})
	if x := tree.Get("/f").Xattrs; len(x) != 1 || x["user.x"] != "1" {
		t.Errorf("attributes of a file: %v", x)
	}
	if x := tree.Get("/l").Xattrs; len(x) != 1 || x["security.x"] != "1" {
		t.Errorf("attributes of a link: %v", x)
	}
}

// A few kilobytes of names may stand for millions of directories; what came before the bound is there.
func TestUnlistedDirectoriesAreBounded(t *testing.T) {
	deep := strings.Repeat("a/", 2000)
	members := many(200, func(i int) member { return file(fmt.Sprintf("%04d/%sx", i, deep), "") })
	var tree *Tree
	used := peak(t, func() { tree = treeOfLayers(t, []member{file("first", "1")}, members) })
	odd := tree.Oddness(1)
	if !strings.Contains(odd.Limit, "directories that no layer lists") || used > 200*mib {
		t.Errorf("limit %q, %d MiB", odd.Limit, used/mib)
	}
	if tree.Get("/first") == nil || tree.Get("/0000/"+deep+"x") == nil || tree.Get("/0199/"+deep+"x") != nil {
		t.Error("what came before the bound is not there, or what came after it is")
	}
	l := odd.judge(inspect.Layer{Status: inspect.Verified})
	if l.Status != inspect.Unknown || l.Reason != string(registry.ProblemLimit) ||
		!strings.Contains(l.Detail, "shown") {
		t.Errorf("%+v", l)
	}
}

// Names that links lead elsewhere cost more than they take in the tar.
func TestLookingUpIsBounded(t *testing.T) {
	for name, members := range map[string][]member{
		"long paths behind short names": append([]member{symlink("s", strings.Repeat("d/", 2000))}, many(70_000,
			func(i int) member { return file(fmt.Sprintf("s/%d", i), "") })...),
		"many paths that are walked": append([]member{symlink("s", "t")}, many(1200, func(i int) member {
			return file(fmt.Sprintf("s/%d/%sx", i, strings.Repeat("a/", 1900)), "")
		})...),
	} {
		t.Run(name, func(t *testing.T) {
			var tree *Tree
			used := peak(t, func() { tree = treeOfLayers(t, members) })
			if tree.Oddness(0).Limit == "" || used > 700*mib {
				t.Errorf("limit %q, %d MiB", tree.Oddness(0).Limit, used/mib)
			}
		})
	}
}

func TestFindingsAboutLayers(t *testing.T) {
	l := inspect.Layer{Number: 2, Digest: "sha256:aa"}
	for _, test := range []struct {
		odd      Oddness
		code     string
		severity inspect.Severity
	}{
		{Oddness{}, "", ""},
		{Oddness{Refused: "x"}, inspect.CodeLayerRefused, inspect.Medium},
		{Oddness{Refused: "x", Stopped: "y"}, inspect.CodeLayerRefused, inspect.Medium},
		{Oddness{Differs: []string{`"/x": ` + string(doubtRoot)}}, inspect.CodeLayerAmbiguous, inspect.Medium},
		{Oddness{Differs: []string{`"/x": ` + string(doubtLinkMode)}}, inspect.CodeLayerAmbiguous, inspect.Low},
	} {
		list := test.odd.findings("image", l)
		if test.code == "" {
			if len(list) > 0 {
				t.Errorf("%+v: %+v", test.odd, list)
			}
			continue
		}
		if len(list) != 1 || list[0].Code != test.code || list[0].Severity != test.severity ||
			list[0].Subject != "image:layer 2" ||
			list[0].Evidence[0].Digest != "sha256:aa" {
			t.Errorf("%+v: %+v", test.odd, list)
		}
	}
}
