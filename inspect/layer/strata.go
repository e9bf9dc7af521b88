package layer

import (
	"context"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// DiffID returns the proven diff ID of a layer by its number in the manifest, "" where it has none.
func (t *Tree) DiffID(layer int) string { return t.Layer(layer).DiffID }

// Layer returns a layer by its number in the manifest; the zero Layer where the tree has none of that number.
func (t *Tree) Layer(number int) inspect.Layer {
	if s, ok := t.layers[number]; ok {
		return s.layer
	}
	return inspect.Layer{}
}

// Changes counts the regular files that a layer adds, modifies and removes against the tree below it.
func (t *Tree) Changes(layer int) (added, modified, removed int) {
	s, ok := t.layers[layer]
	if !ok {
		return 0, 0, 0
	}
	return s.counts.added, s.counts.modified, s.counts.removed
}

// Open gives the content of a regular file or hard link of this tree, or of a node of LayerNodes.
func (t *Tree) Open(ctx context.Context, node *inspect.Node) (inspect.Content, error) {
	h := t.home(node)
	diffID := t.DiffID(h.layer)
	if diffID == "" {
		return nil, fmt.Errorf("opening %s: layer %d is not there: %w", node.Path, h.layer, inspect.ErrNotKept)
	}
	return t.store.Open(ctx, diffID, h.entry)
}

// home says where the content of a node is.
func (t *Tree) home(node *inspect.Node) home {
	if h, ok := t.far[place{node.Layer, node.Path}]; ok {
		return h
	}
	return home{node.Layer, node.Entry}
}

// LayerNodes lists what a layer did to the tree below, sorted by path: its own entries marked Added or Modified (or
// Same, where a directory only stands there again), and the nodes that it hides marked Removed. Those keep the number of
// the layer that holds them, so that what was deleted can still be read.
func (t *Tree) LayerNodes(number int) []inspect.Node {
	s, ok := t.layers[number]
	if !ok {
		return nil
	}
	list := make([]inspect.Node, 0, len(s.nodes)+len(s.hidden))
	list = append(list, s.nodes...)
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

// Lost finds what was at a path in a lower layer and which layer took it away, nil where it was never there.
func (t *Tree) Lost(p string) (was *inspect.Node, by int) {
	for number, s := range t.layers {
		i, ok := slices.BinarySearchFunc(s.hidden, p, func(n *inspect.Node, p string) int { return comparePaths(n.Path, p) })
		if ok && (was == nil || number > by) {
			was, by = s.hidden[i], number
		}
	}
	return was, by
}
