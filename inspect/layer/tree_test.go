package layer

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// treeOfLayers keeps layers and merges them.
func treeOfLayers(t testing.TB, layers ...[]member) *Tree {
	t.Helper()
	c := newBench(t).cache
	var list []inspect.Layer
	for n, members := range layers {
		id, entries := keptLayer(t, c, members...)
		if err := c.keep("", proof{DiffID: id}, entries); err != nil {
			t.Fatal(err)
		}
		list = append(list, inspect.Layer{Number: n, DiffID: id, Status: inspect.Verified})
	}
	tree, err := c.Tree(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// keptLayer puts the tar of a layer into the store, under its diff ID.
func keptLayer(t testing.TB, c *Cache, members ...member) (id string, entries []inspect.Entry) {
	t.Helper()
	data := tarOf(t, members...)
	w, err := c.store.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	id = w.Digest()
	if err := w.Commit(""); err != nil {
		t.Fatal(err)
	}
	listed, err := scanTar(t.Context(), bytes.NewReader(data))
	must(t, err)
	return id, listed.entries
}

// regular lists the regular files of a tree with their content.
func regular(t testing.TB, tree *Tree) []string {
	t.Helper()
	var list []string
	for n := range tree.All() {
		if isRegular(n) {
			list = append(list, n.Path+"="+read(t, tree, n))
		}
	}
	return list
}

func read(t testing.TB, tree *Tree, n *inspect.Node) string {
	t.Helper()
	c, err := tree.Open(t.Context(), n)
	if err != nil {
		t.Fatalf("%s: %v", n.Path, err)
	}
	defer c.Close()
	data, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestMerge(t *testing.T) {
	for name, test := range map[string]struct {
		layers  [][]member
		want    string
		changes [3]int // of the last layer
	}{
		"a later layer wins": {
			[][]member{{file("etc/a", "1"), file("etc/b", "1")}, {file("etc/a", "2"), file("etc/c", "2")}},
			"/etc/a=2 /etc/b=1 /etc/c=2",
			[3]int{1, 1, 0},
		},
		"a whiteout hides a file": {
			[][]member{{file("etc/a", "1"), file("etc/b", "1")}, {whiteout("etc/.wh.a")}},
			"/etc/b=1",
			[3]int{0, 0, 1},
		},
		"a whiteout hides a directory and all in it": {
			[][]member{{file("opt/x/1", "1"), file("opt/x/y/2", "2"), file("opt/x-y", "3")}, {whiteout("opt/.wh.x")}},
			"/opt/x-y=3",
			[3]int{0, 0, 2},
		},
		"an opaque directory hides what is below, not what is in its own layer": {
			[][]member{
				{file("opt/1", "1"), file("opt/2", "1")},
				{dir("opt/"), whiteout("opt/.wh..wh..opq"), file("opt/2", "2")},
			},
			"/opt/2=2",
			[3]int{0, 1, 1},
		},
		"a whiteout does not hide its own layer": {
			[][]member{{file("a/x", "1")}, {whiteout(".wh.a"), file("a/y", "2")}},
			"/a/y=2",
			[3]int{1, 0, 1},
		},
		"a file in the place of a directory": {
			[][]member{{file("a/x", "1"), file("a/y/z", "1")}, {file("a", "2")}},
			"/a=2",
			[3]int{1, 0, 2},
		},
		"a directory in the place of a link, as overlayfs has it": {
			[][]member{{dir("usr/lib/"), file("usr/lib/x", "1"), symlink("lib", "usr/lib")}, {file("lib/y", "2")}},
			"/lib/y=2 /usr/lib/x=1",
			[3]int{1, 0, 0},
		},
		"a name through a link of the same layer lands behind it": {
			[][]member{{symlink("lib", "usr/lib"), file("lib/x", "1"), file("usr/lib/y", "1")}},
			"/usr/lib/x=1 /usr/lib/y=1",
			[3]int{2, 0, 0},
		},
		"the last of two members with one name wins": {
			[][]member{{file("a", "1"), file("./a", "2")}},
			"/a=2",
			[3]int{1, 0, 0},
		},
		"what lies below a file is dropped": {
			[][]member{{file("a/x", "1"), file("a", "2")}},
			"/a=2",
			[3]int{1, 0, 0},
		},
		"names cannot leave the root": {
			[][]member{{file("../../etc/a", "1"), file("/etc/b", "2"), file("x/../../c", "3")}},
			"/c=3 /etc/a=1 /etc/b=2",
			[3]int{3, 0, 0},
		},
		"hard links count and have the content that their target had": {
			[][]member{{file("a", "1"), hardlink("b", "a"), file("a", "2"), hardlink("c", "/b")}},
			"/a=2 /b=1 /c=1",
			[3]int{3, 0, 0},
		},
		"a hard link to a file of a lower layer": {
			[][]member{{file("a", "1")}, {hardlink("b", "a"), whiteout(".wh.a")}},
			"/b=1",
			[3]int{1, 0, 1},
		},
		"a hard link to nothing is no file": {
			[][]member{{hardlink("b", "../../a")}}, "", [3]int{0, 0, 0},
		},
		"odd whiteouts are nothing": {
			[][]member{
				{file("a", "1")},
				{whiteout(".wh."), whiteout(".wh..."), whiteout(".wh..wh.aufs"), whiteout(".wh.nothing")},
			},
			"/a=1",
			[3]int{0, 0, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := treeOfLayers(t, test.layers...)
			if got := strings.Join(regular(t, tree), " "); got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
			a, m, r := tree.Changes(len(test.layers) - 1)
			if got := [3]int{a, m, r}; got != test.changes {
				t.Errorf("added, modified, removed: %v, want %v", got, test.changes)
			}
			for n := range tree.All() {
				if n.Path != "/" &&
					(tree.Get(parent(n.Path)) == nil || tree.Get(parent(n.Path)).Type != inspect.EntryDir) {
					t.Errorf("%s stands in no directory", n.Path)
				}
			}
		})
	}
}

func parent(p string) string {
	if i := strings.LastIndexByte(p, '/'); i > 0 {
		return p[:i]
	}
	return "/"
}

func TestResolve(t *testing.T) {
	tree := treeOfLayers(t, []member{
		file(
			"usr/bin/busybox",
			"b",
		), symlink("bin", "usr/bin"), symlink("usr/bin/sh", "busybox"), symlink("out", "../../../usr/bin/busybox"),
		symlink(
			"a",
			"b",
		), symlink("b", "a"), symlink("abs", "/bin/sh"), symlink("nowhere", "gone/x"), symlink("self", "."),
	})
	for p, want := range map[string]string{
		"/bin/sh": "/usr/bin/busybox", "/abs": "/usr/bin/busybox", "/out": "/usr/bin/busybox", "/a": "", "/nowhere": "", "/bin/../bin/./sh": "/usr/bin/busybox",
		"/self/self/bin": "/usr/bin", "/": "/", "usr": "/usr",
	} {
		got := ""
		if n := tree.Resolve(p); n != nil {
			got = n.Path
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", p, got, want)
		}
	}
	if real, ok := tree.Place("/bin/new"); real != "/usr/bin/new" || !ok {
		t.Errorf("a new file in a linked directory would be at %s %v", real, ok)
	}
	if real, ok := tree.Place("/bin/sh"); real != "/usr/bin/sh" || !ok {
		t.Errorf("the last link is followed: %s %v", real, ok)
	}
	if _, ok := tree.Place("/no/such/dir"); ok {
		t.Error("a place in a directory that is not there")
	}
}

// A path that goes up behind a link names what the kernel finds there, not what the letters of the path look like: else
// a preload file could name a calm file to whoever reads it, and another one to the loader.
func TestGoingUpBehindALink(t *testing.T) {
	tree := treeOfLayers(t, []member{
		file(
			"var/tmp/evil.so",
			"evil",
		), dir("var/tmp/deep"), symlink("opt/x", "/var/tmp/deep"), file("opt/evil.so", "calm"),
		symlink("bin", "usr/bin"), file("usr/bin/sh", "sh"), file("usr/etc/x", "usr"), file("etc/x", "root"),
		symlink("to-file", "etc/x"), symlink("up", "opt/x/.."),
	})
	for p, want := range map[string]string{
		"/opt/x/../evil.so":       "evil",
		"/opt/evil.so":            "calm",
		"/opt/./x/./../evil.so":   "evil",
		"/up/evil.so":             "evil",
		"/bin/../etc/x":           "usr",
		"/usr/../etc/x":           "root",
		"/etc/../../../etc/x":     "root",
		"bin/../../etc/x":         "root",
		"/etc/x/../x":             "", // a file is no directory
		"/etc/x/.":                "",
		"/to-file/../x":           "",
		"/opt/nothing/../evil.so": "",
	} {
		got := ""
		if n := tree.Resolve(p); n != nil {
			got = read(t, tree, n)
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", p, got, want)
		}
	}
	for p, want := range map[string]string{
		"/opt/x/../new": "/var/tmp/new", "/bin/../etc/x": "/usr/etc/x", "/opt/x": "/opt/x", "/..": "/", "": "/",
	} {
		if real, ok := tree.Place(p); real != want || !ok {
			t.Errorf("the place of %s is %s %v, want %s", p, real, ok, want)
		}
	}
	for _, p := range []string{"/no/such/../dir/x", "/etc/x/y", "/opt/nothing/../evil.so"} {
		if real, ok := tree.Place(p); ok || !strings.HasPrefix(real, "/") || strings.Contains(real, "..") {
			t.Errorf("the place of %s is %s %v", p, real, ok)
		}
	}
}

// Forty links are followed, as Linux does it, and not one more.
func TestLinksOfOnePathAreBounded(t *testing.T) {
	chain := func(n int) []member {
		list := many(n, func(i int) member { return symlink(fmt.Sprintf("l%d", i), fmt.Sprintf("l%d", i+1)) })
		return append(list, file(fmt.Sprintf("l%d", n), "end"))
	}
	for n, want := range map[int]bool{1: true, MaxLinks: true, MaxLinks + 1: false, 10 * MaxLinks: false} {
		if got := treeOfLayers(t, chain(n)).Resolve("/l0"); (got != nil) != want {
			t.Errorf("%d links lead to %v", n, got)
		}
	}
}

func TestBelow(t *testing.T) {
	tree := treeOfLayers(t, []member{file("a/b/c", ""), file("a/b-d", ""), file("a/a", ""), file("ab", "")})
	for dir, want := range map[string]string{
		"/a": "/a/a /a/b /a/b/c /a/b-d", "/a/b": "/a/b/c", "/a/b/c": "", "/ab": "", "/nope": "",
		"/": "/a /a/a /a/b /a/b/c /a/b-d /ab",
	} {
		var got []string
		for n := range tree.Below(dir) {
			got = append(got, n.Path)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("below %s: %q, want %q", dir, got, want)
		}
	}
	if tree.Len() != 7 || len(tree.MergedNodes()) != 7 || tree.Bytes() <= 0 {
		t.Errorf("%d nodes, %d listed", tree.Len(), len(tree.MergedNodes()))
	}
	for n := range tree.Below("/") { // an iterator that is left early gives no more
		if n.Path != "/a" {
			t.Errorf("first %s", n.Path)
		}
		break
	}
}

// An image without layers, or of which none could be read, is a tree of nothing, not a defect.
func TestATreeOfNothing(t *testing.T) {
	c := newBench(t).cache
	for name, layers := range map[string][]inspect.Layer{
		"no layers":             nil,
		"only steps":            {{Empty: true, Number: -1}},
		"a layer that is bad":   {{Number: 0, Status: inspect.Failed}},
		"several that are lost": {{Number: 0, Status: inspect.Unknown}, {Number: 1, Status: inspect.Unknown}},
	} {
		tree, err := c.Tree(t.Context(), layers)
		must(t, err)
		if tree.Len() != 0 || tree.Get("/") != nil || tree.Resolve("/etc/x") != nil || len(tree.Children("/")) > 0 {
			t.Errorf("%s: %d nodes", name, tree.Len())
		}
		if was, _ := tree.Lost("/x"); was != nil || len(tree.Shadowed()) > 0 {
			t.Errorf("%s: something was lost", name)
		}
	}
	if _, err := c.Tree(t.Context(), []inspect.Layer{{DiffID: "sha256:" + strings.Repeat("0", 64)}}); err == nil {
		t.Error("a layer whose listing is lost is merged")
	}
}

// A layer that is missing is skipped; those above it may rest on it, so that they are not called odd for it.
func TestLayersAboveAGap(t *testing.T) {
	c := newBench(t).cache
	keep := func(members ...member) string {
		id, entries := keptLayer(t, c, members...)
		must(t, c.keep("", proof{DiffID: id}, entries))
		return id
	}
	low, top := keep(file("a", "1")), keep(hardlink("b", "gone"), file("c", "3"))
	for _, gap := range []bool{true, false} {
		layers := []inspect.Layer{{Number: 0, DiffID: low}, {Number: 1}, {Number: 2, DiffID: top}}
		if !gap {
			layers = slices.Delete(layers, 1, 2)
		}
		tree, err := c.Tree(t.Context(), layers)
		must(t, err)
		if odd := tree.Oddness(2); (odd.Refused == "") != gap {
			t.Errorf("gap %v: refused %q", gap, odd.Refused)
		}
		if got := strings.Join(regular(t, tree), " "); got != "/a=1 /c=3" {
			t.Errorf("gap %v: files %s", gap, got)
		}
	}
}

func TestLayerNodesKeepWhatWasDeleted(t *testing.T) {
	tree := treeOfLayers(
		t,
		[]member{dir("etc/"), file("etc/key", "secret"), file("etc/a", "1")},
		[]member{whiteout("etc/.wh.key"), file("etc/a", "2"), file("etc/b", "3")},
	)
	var got []string
	nodes := tree.LayerNodes(1)
	for i := range nodes {
		n := &nodes[i]
		if isRegular(n) {
			got = append(got, string(n.Change)+" "+n.Path+"="+read(t, tree, n))
		}
	}
	want := []string{"modified /etc/a=2", "added /etc/b=3", "removed /etc/key=secret"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if was, by := tree.Lost("/etc/key"); was == nil || by != 1 {
		t.Errorf("lost: %v by %d", was, by)
	}
}

func TestChildren(t *testing.T) {
	tree := treeOfLayers(t, []member{file("a/b/c", ""), file("a/b-d", ""), file("a/a", ""), file("ab", "")})
	var names []string
	for _, n := range tree.Children("/a") {
		names = append(names, n.Path)
	}
	if got := strings.Join(names, " "); got != "/a/a /a/b /a/b-d" {
		t.Errorf("children of /a: %s", got)
	}
	if len(tree.Children("/")) != 2 || tree.Children("/nope") != nil {
		t.Error("children of the root, or of nothing")
	}
}

// Links that lead into themselves do not make paths that grow with every round.
func TestLinksThatGoRoundDoNotGrow(t *testing.T) {
	members := []member{symlink("a/loop", "loop/deeper"), symlink("b/x", "../b/y/z"), symlink("b/y", "x/w")}
	for _, dir := range []string{"a/loop", "a/loop/b", "b/x", "b/x/c", "b/y"} {
		members = append(members, file(dir+"/file", dir))
	}
	tree := treeOfLayers(t, members)
	for n := range tree.All() {
		if len(n.Path) > 100 {
			t.Errorf("a path of %d bytes: %.60s…", len(n.Path), n.Path)
		}
	}
	if got := regular(t, tree); !slices.Equal(
		got,
		[]string{
			"/a/loop/b/file=a/loop/b",
			"/a/loop/file=a/loop",
			"/b/x/c/file=b/x/c",
			"/b/x/file=b/x",
			"/b/x/w/file=b/y",
		},
	) {
		t.Errorf("files are %q", got)
	}
}

// Whoever looks at a layer finds the file that another one took away, with its content.
func TestWhatWasTakenAwayCanBeRead(t *testing.T) {
	tree := treeOfLayers(
		t,
		[]member{file("a", "deleted"), file("b", "replaced"), file("c/d", "below")},
		[]member{whiteout(".wh.a"), file("b", "new"), whiteout(".wh.c")},
	)
	var got []string
	for _, n := range tree.LayerNodes(1) {
		if isRegular(&n) {
			got = append(got, fmt.Sprintf("%s %s %s", n.Change, n.Path, read(t, tree, &n)))
		}
	}
	if want := []string{"removed /a deleted", "modified /b new", "removed /c/d below"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	relics := tree.Shadowed()
	if len(relics) != 3 || read(t, tree, relics[1].Node) != "replaced" || !relics[1].Replaced || relics[0].Replaced {
		t.Errorf("relics %+v", relics)
	}
}
