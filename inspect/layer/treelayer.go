package layer

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// treeLayer is one layer within a tree.
type treeLayer struct {
	layer    inspect.Layer
	disk     []*inspect.Node // what it was unpacked to, whiteouts too, sorted by comparePaths
	nodes    []*inspect.Node // without whiteouts
	hidden   []*inspect.Node // of layers below
	counts   changes
	oddness  Oddness
	resolver linkResolver
	links    bool // there are symbolic links among disk
}

// newTreeLayer takes in what a layer was unpacked to.
func newTreeLayer(of inspect.Layer, disk []*inspect.Node, b *budget) *treeLayer {
	l := &treeLayer{layer: of, disk: disk, nodes: disk}
	l.resolver = linkResolver{find: l.find, budget: b}
	if slices.ContainsFunc(disk, isWhiteout) {
		l.nodes = slices.DeleteFunc(slices.Clone(disk), isWhiteout)
	}
	l.links = slices.ContainsFunc(disk, func(n *inspect.Node) bool { return n.Type == inspect.EntrySymlink })
	return l
}

// search finds the place of a path among disk.
func (l *treeLayer) search(p string) (int, bool) {
	return slices.BinarySearchFunc(l.disk, p, func(n *inspect.Node, p string) int { return comparePaths(n.Path, p) })
}

// find finds what the layer was unpacked to at a path, a whiteout too, nil for nothing.
func (l *treeLayer) find(p string) *inspect.Node {
	if i, ok := l.search(p); ok {
		return l.disk[i]
	}
	return nil
}

// get finds the node of the layer at a path, nil for none.
func (l *treeLayer) get(p string) *inspect.Node {
	if n := l.find(p); n != nil && !isWhiteout(n) {
		return n
	}
	return nil
}

// lookup finds what stands in this layer alone where a path of another leads to. Errors: errNotExist, *refusal,
// *registry.LimitError. Most layers have no links; for them a binary search finds the nearest name, and whether
// something that is no directory stands on the way.
func (l *treeLayer) lookup(p string) (*inspect.Node, error) {
	if l.links {
		real, err := l.resolver.rootPath(p)
		if err != nil {
			return nil, err
		}
		return l.resolver.lstat(real)
	}
	i, ok := l.search(p)
	if ok {
		return l.disk[i], nil
	}
	if len(l.disk) == 0 {
		return nil, errNotExist
	}
	// What sorts before it is its nearest parent, or shares that one with it.
	for at := l.disk[max(i-1, 0)]; ; at = l.find(path.Dir(at.Path)) {
		switch {
		case at == nil || at.Type == inspect.EntryDir && (at.Path == "/" || within(p, at.Path)):
			return nil, errNotExist
		case within(p, at.Path):
			return nil, &refusal{at.Path, "is no directory in a lower layer, and something is looked for in it"}
		}
	}
}

// DiffID returns the proven diff ID of a layer by its number in the manifest, "" where it has none.
func (t *Tree) DiffID(layer int) string { return t.Layer(layer).DiffID }

// Layer returns a layer by its number in the manifest; the zero Layer where the tree has none of that number.
func (t *Tree) Layer(number int) inspect.Layer {
	if s, ok := t.layers[number]; ok {
		return s.layer
	}
	return inspect.Layer{}
}

// Changes counts the regular files that a layer adds, modifies and removes against the tree below it. A file that is
// replaced by a directory counts as removed, a change of the mode alone as modified.
func (t *Tree) Changes(layer int) (added, modified, removed int) {
	s, ok := t.layers[layer]
	if !ok {
		return 0, 0, 0
	}
	return s.counts.added, s.counts.modified, s.counts.removed
}

// Open gives the content of a regular file or hard link of this tree, or of a node of LayerNodes. Errors:
// inspect.ErrNotKept where the layer was not read.
func (t *Tree) Open(ctx context.Context, node *inspect.Node) (inspect.Content, error) {
	h := t.home(node)
	diffID := t.DiffID(h.layer)
	if diffID == "" {
		return nil, fmt.Errorf("opening %s: layer %d is not there: %w", node.Path, h.layer, inspect.ErrNotKept)
	}
	return t.store.Open(ctx, diffID, h.entry)
}

// home describes where the content of a node is.
func (t *Tree) home(node *inspect.Node) home {
	if h, ok := t.far[place{node.Layer, node.Path}]; ok {
		return h
	}
	return home{node.Layer, node.Entry}
}

// LayerNodes lists what a layer did to the tree below, sorted by path: its own entries marked Added or Modified (or
// Same, where a directory only stands there again), and the nodes that it hides marked Removed. Those keep the number
// of the layer that holds them, so that what was deleted can still be read.
func (t *Tree) LayerNodes(number int) []inspect.Node {
	s, ok := t.layers[number]
	if !ok {
		return nil
	}
	list := make([]inspect.Node, 0, len(s.nodes)+len(s.hidden))
	for _, n := range s.nodes {
		list = append(list, *n)
	}
	for _, n := range s.hidden {
		gone := *n
		gone.Change = inspect.Removed
		list = append(list, gone)
	}
	slices.SortStableFunc(list, func(a, b inspect.Node) int { return comparePaths(a.Path, b.Path) })
	return list
}

// MergedNodes lists the whole tree, sorted by path.
func (t *Tree) MergedNodes() []inspect.Node {
	list := make([]inspect.Node, len(t.nodes))
	for i, n := range t.nodes {
		list[i] = *n
	}
	return list
}

// Lost finds what was at a path in a lower layer and which layer took it away, nil where it was never there. Layers are
// few, hidden files per layer may be many: each is searched by halves.
func (t *Tree) Lost(p string) (was *inspect.Node, by int) {
	for number, s := range t.layers {
		i, ok := slices.BinarySearchFunc(s.hidden, p, func(n *inspect.Node,
			p string,
		) int {
			return comparePaths(n.Path, p)
		})
		if ok && (was == nil || number > by) {
			was, by = s.hidden[i], number
		}
	}
	return was, by
}
