package widget

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// leaf is an entry of a test.
type leaf struct {
	path   string
	dir    bool
	size   int64
	change Change
}

// leaves are entries of 10 bytes that were added; a path that ends with a slash is a directory.
type leaves []leaf

func (l leaves) Len() int            { return len(l) }
func (l leaves) Path(i int) string   { return l[i].path }
func (l leaves) Dir(i int) bool      { return l[i].dir }
func (l leaves) Size(i int) int64    { return l[i].size }
func (l leaves) Change(i int) Change { return l[i].change }

func nodes(paths ...string) leaves {
	var all leaves
	for _, p := range paths {
		n := leaf{path: p, size: 10, change: Added}
		if strings.HasSuffix(p, "/") {
			n = leaf{path: strings.TrimSuffix(p, "/"), dir: true, change: Added}
		}
		all = append(all, n)
	}
	return all
}

// shown draws the visible rows of a tree: indent and name.
func shown(t *Tree) []string {
	var out []string
	for _, at := range t.visible {
		n := t.nodes[at]
		out = append(out, strings.Repeat(" ", int(n.depth))+n.path[strings.LastIndexByte(n.path, '/')+1:])
	}
	return out
}

func TestTreeOpensAndClosesDirectories(t *testing.T) {
	tree := NewTree(nodes("/usr/bin/top", "/usr/", "/usr/lib/a", "/usr-local", "/bin/sh", "/usr/bin/ls"))
	steps := []struct {
		name string
		do   func()
		want []string
	}{
		{"at first", func() {}, []string{"bin", "usr", "usr-local"}},
		{"open usr", func() { tree.Open(1) }, []string{"bin", "usr", " bin", " lib", "usr-local"}},
		{"open usr/bin", func() { tree.Open(2) }, []string{"bin", "usr", " bin", "  ls", "  top", " lib", "usr-local"}},
		{"close usr", func() { tree.Close(1) }, []string{"bin", "usr", "usr-local"}},
		{
			"open usr again: usr/bin stayed open", func() { tree.Open(1) },
			[]string{"bin", "usr", " bin", "  ls", "  top", " lib", "usr-local"},
		},
		{
			"a file does not open", func() { tree.Open(3) },
			[]string{"bin", "usr", " bin", "  ls", "  top", " lib", "usr-local"},
		},
	}
	for _, s := range steps {
		s.do()
		if got := shown(tree); !slices.Equal(got, s.want) {
			t.Errorf("%s: %q, want %q", s.name, got, s.want)
		}
	}
	if got := tree.Parent(3); got != 2 {
		t.Errorf("the directory of usr/bin/ls is row %d, want 2", got)
	}
}

func TestTreeSumsUpwards(t *testing.T) {
	tree := NewTree(nodes("/a/b/c", "/a/b/d", "/a/e"))
	if n := tree.nodes[tree.visible[0]]; n.size != 30 || n.added != 3 {
		t.Errorf("/a holds %d bytes and %d additions, want 30 and 3", n.size, n.added)
	}
}

func TestTreeRevealsAPath(t *testing.T) {
	tree := NewTree(nodes("/a/b/c/d", "/a/x", "/z"))
	row := tree.Reveal("/a/b/c/d")
	if row != 3 || !slices.Equal(shown(tree), []string{"a", " b", "  c", "   d", " x", "z"}) {
		t.Errorf("row %d of %q", row, shown(tree))
	}
	if row := tree.Reveal("/a/no"); row != -1 {
		t.Errorf("a path that is not there is row %d", row)
	}
}

func TestTreeShowsOnlyWhatChanged(t *testing.T) {
	all := nodes("/a/new", "/a/old", "/b/old")
	all[1].change, all[2].change = Same, Same
	tree := NewTree(all)
	tree.Reset(true)
	tree.Open(0)
	if got := shown(tree); !slices.Equal(got, []string{"a", " new"}) {
		t.Errorf("changed only: %q", got)
	}
	if row := tree.Reveal("/b/old"); row < 0 {
		t.Error("a path that did not change cannot be revealed")
	}
}

func TestTreeTakesHostilePaths(t *testing.T) {
	tree := NewTree(nodes("", "/", "//", "/a", "/a/b", "/a", "a", "/a//b", "/..", "/"+strings.Repeat("x/", 3000)+"y"))
	for range 5 {
		for i := len(tree.visible) - 1; i >= 0; i-- {
			tree.Open(i)
		}
	}
	for i := range tree.visible {
		tree.Parent(i)
	}
}

func FuzzTree(f *testing.F) {
	f.Add("/a/b\n/a\n/c")
	f.Add("//\n/\n/a//b")
	f.Fuzz(func(t *testing.T, text string) {
		tree := NewTree(nodes(strings.Split(text, "\n")...))
		for i := len(tree.visible) - 1; i >= 0; i-- {
			tree.Open(i)
			tree.Close(i)
			tree.Open(i)
		}
		for _, n := range tree.nodes {
			if tree.Reveal(n.path) < 0 {
				t.Errorf("%q is in the tree and is not revealed", n.path)
			}
		}
	})
}

func BenchmarkNewTree(b *testing.B) {
	all := make(leaves, 500_000)
	for i := range all {
		all[i].path = fmt.Sprintf("/usr/lib/d%03d/e%03d/file-%06d.so", i/10_000, i/100%100, i)
	}
	for b.Loop() {
		NewTree(all)
	}
}
