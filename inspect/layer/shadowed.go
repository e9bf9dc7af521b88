package layer

import (
	"iter"
	"maps"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// ShadowedEntry is a file of a layer that a later one deleted, or put another in the place of: no container sees it,
// and everybody who pulls the image still gets it. Secrets and dropped tools are found there.
type ShadowedEntry struct {
	Node     *inspect.Node
	By       int // number of the layer that took it away
	Replaced bool
}

// Shadowed lists the regular files with content that the merged tree does not show, lowest layer first. A copy that
// differs from what stands in its place in its mode only is none. Empty files are left out. The same content at several
// paths is listed for each.
func (t *Tree) Shadowed() []ShadowedEntry {
	numbers := t.Numbers()
	gone := map[*inspect.Node]int{}
	for _, number := range numbers {
		for _, n := range t.layers[number].hidden {
			gone[n] = number
		}
	}
	var all []ShadowedEntry
	for at, number := range numbers {
		for _, n := range t.layers[number].nodes {
			seen := t.Get(n.Path)
			if seen == n || !isRegular(n) || n.Size == 0 || seen != nil && seen.SHA256 == n.SHA256 {
				continue
			}
			r := ShadowedEntry{Node: n, By: -1}
			if by, ok := gone[n]; ok {
				r.By = by
			} else if by := t.nextWith(n.Path, numbers[at+1:]); by >= 0 {
				r.By, r.Replaced = by, true
			}
			if r.By >= 0 {
				all = append(all, r)
			}
		}
	}
	return all
}

// Numbers lists the layers of the tree, lowest first.
func (t *Tree) Numbers() []int { return slices.Sorted(maps.Keys(t.layers)) }

// nextWith finds the first of some layers that holds a path itself, -1 for none.
func (t *Tree) nextWith(p string, numbers []int) int {
	for _, number := range numbers {
		if t.layers[number].get(p) != nil {
			return number
		}
	}
	return -1
}

// Entries gives what a layer itself holds, sorted by path.
func (t *Tree) Entries(number int) iter.Seq[*inspect.Node] {
	l, ok := t.layers[number]
	if !ok {
		return func(func(*inspect.Node) bool) {}
	}
	return slices.Values(l.nodes)
}

// Before is the image as it was with the layers below a number only: its directories and links, and those of its files
// that keep takes. It shares its nodes with the tree. Files for which keep reports false are left out, so that a caller
// who needs a few databases does not hold the listing of a whole image a second time.
func (t *Tree) Before(number int, keep func(*inspect.Node) bool) *Tree {
	gone, at := map[*inspect.Node]bool{}, map[string]*inspect.Node{}
	for _, below := range t.Numbers() {
		if below >= number {
			break
		}
		s := t.layers[below]
		for _, n := range s.hidden {
			gone[n] = true
		}
		for _, n := range s.nodes {
			if isRegular(n) && !keep(n) {
				delete(at, n.Path)
				continue
			}
			at[n.Path] = n
		}
	}
	was := &Tree{store: t.store, cache: t.cache, layers: t.layers, far: t.far}
	for _, n := range at {
		if !gone[n] {
			was.nodes = append(was.nodes, n)
		}
	}
	slices.SortFunc(was.nodes, func(a, b *inspect.Node) int { return comparePaths(a.Path, b.Path) })
	was.arrange()
	return was
}

// Hidden gives the entries of lower layers that a layer takes away, sorted by path.
func (t *Tree) Hidden(number int) iter.Seq[*inspect.Node] {
	s, ok := t.layers[number]
	if !ok {
		return func(func(*inspect.Node) bool) {}
	}
	return slices.Values(s.hidden)
}

// Previous returns what the layers below a node's own have at its path; nil where none has anything. A layer in between
// may have taken it away; see Lost.
func (t *Tree) Previous(n *inspect.Node) *inspect.Node {
	for _, number := range slices.Backward(t.Numbers()) {
		if number >= n.Layer {
			continue
		}
		if was := t.layers[number].get(n.Path); was != nil {
			return was
		}
	}
	return nil
}
