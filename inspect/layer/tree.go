package layer

import (
	"context"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Tree is the file tree of an image: its layers laid over each other as a container sees them. It does not change and
// is safe for concurrent use. Paths are clean and absolute; no path leads through a symbolic link.
type Tree struct {
	store  inspect.Store
	cache  *Cache // the store, where it is the cache; nil for a bundle
	layers map[int]*treeLayer
	nodes  []*inspect.Node // sorted by comparePaths
	end    []int32         // for each node, the place after all that is below it
	at     map[string]int32
	far    map[place]home // hard links whose content is in another layer than they are
	key    string         // names the layers
}

// place is a name in a layer.
type place struct {
	layer int
	path  string
}

// home is where the content of a node lies: the layer, and the entry whose offset is one of that layer's tar.
type home struct {
	layer int
	entry inspect.Entry
}

// Tree merges layers, lowest first. Layers without a proven diff ID (missing, damaged) are left out. It is memoised by
// the list of diff IDs.
func (c *Cache) Tree(ctx context.Context, layers []inspect.Layer) (*Tree, error) {
	var key strings.Builder
	for _, l := range layers {
		fmt.Fprintf(&key, "%d %s\n", l.Number, l.DiffID)
	}
	return c.trees.Get(ctx, key.String(), func(ctx context.Context) (*Tree, error) {
		t, err := c.newTree(ctx, layers)
		if err == nil {
			t.key = key.String()
		}
		return t, err
	})
}

// TreeOf merges layers whose listings any store holds, as a bundle's.
func TreeOf(ctx context.Context, store inspect.Store, layers []inspect.Layer) (*Tree, error) {
	if c, ok := store.(*Cache); ok {
		return c.Tree(ctx, layers)
	}
	return build(ctx, &Tree{store: store}, layers)
}

func (c *Cache) newTree(ctx context.Context, layers []inspect.Layer) (*Tree, error) {
	return build(ctx, &Tree{store: c, cache: c}, layers)
}

// arrange makes the index by path, and for each node the place behind all that is below it, in one pass over the sorted
// nodes: open is the chain of directories that the pass is in.
func (t *Tree) arrange() {
	t.at = make(map[string]int32, len(t.nodes))
	t.end = make([]int32, len(t.nodes))
	var open []int32
	for i, n := range t.nodes {
		t.at[n.Path] = int32(i)
		for len(open) > 0 && !within(n.Path, t.nodes[open[len(open)-1]].Path) {
			t.end[open[len(open)-1]] = int32(i)
			open = open[:len(open)-1]
		}
		open = append(open, int32(i))
	}
	for _, i := range open {
		t.end[i] = int32(len(t.nodes))
	}
}

// Get returns the node at exactly this path, nil where there is none. Links are not followed. Do not change it.
func (t *Tree) Get(p string) *inspect.Node {
	if i, ok := t.at[p]; ok {
		return t.nodes[i]
	}
	return nil
}

// Resolve returns the node that a path leads to, following symbolic links in every component inside the root only;
// nil where there is none, and where links go round. Names are resolved one after the other as the kernel does it
// (path_resolution(7)): ".." behind a link goes up from where the link leads to, so that /opt/link/../x cannot name one
// file to a container and another one here. Hard links are not resolved: see Open.
func (t *Tree) Resolve(p string) *inspect.Node {
	real, ok := t.follow(p, true)
	if !ok {
		return nil
	}
	return t.Get(real)
}

// Place describes where something at this path would be: symbolic links are followed in all components but the last.
// ok is false where a directory on the way is missing; then the path is clean and otherwise as named.
func (t *Tree) Place(p string) (real string, ok bool) { return t.follow(p, false) }

// follow resolves a path; last reports whether a link at its end is followed too. It gives the path and whether all of
// it, or all but the last name, is there.
func (t *Tree) follow(p string, last bool) (string, bool) {
	rest := strings.Split(strings.Trim(p, "/"), "/")
	at, links := "/", 0
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		next := join(at, name)
		n := t.Get(next)
		if n == nil {
			return join(at, path.Join(append([]string{name}, rest...)...)), len(rest) == 0 && !last
		}
		if n.Type != inspect.EntrySymlink || len(rest) == 0 && !last {
			if at = next; n.Type != inspect.EntryDir && len(rest) > 0 {
				return path.Clean("/" + p), false // ENOTDIR: not even ".." is looked for in a file
			}
			continue
		}
		if links++; links > MaxLinks {
			return path.Clean("/" + p), false
		}
		if strings.HasPrefix(n.Link, "/") {
			at = "/"
		}
		rest = append(strings.Split(n.Link, "/"), rest...)
	}
	return at, true
}

// All gives all nodes sorted by path, component by component, so that what is in a directory follows it.
func (t *Tree) All() iter.Seq[*inspect.Node] { return slices.Values(t.nodes) }

// Len is the number of nodes.
func (t *Tree) Len() int { return len(t.nodes) }

// Below gives all nodes below a directory, sorted as by All.
func (t *Tree) Below(dir string) iter.Seq[*inspect.Node] {
	i, ok := t.at[dir]
	if !ok {
		return func(func(*inspect.Node) bool) {}
	}
	return slices.Values(t.nodes[i+1 : t.end[i]])
}

// Children lists what is directly in a directory, sorted by name.
func (t *Tree) Children(dir string) []*inspect.Node {
	at, ok := t.at[dir]
	if !ok {
		return nil
	}
	var list []*inspect.Node
	for i := at + 1; i < t.end[at]; i = t.end[i] {
		list = append(list, t.nodes[i])
	}
	return list
}
