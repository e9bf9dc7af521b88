package layer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// builder lays layers over each other, lowest first.
type builder struct {
	tree    *Tree
	merged  *snapshot    // nil before the first layer
	lowers  []*treeLayer // the highest first
	entries int          // of all layers
	budget  budget
	gap     bool // a layer is missing, and with it what others build on
}

// build lays the layers of a tree over each other. Of a layer that exceeds a bound, what precedes the bound is kept and
// its Oddness names the bound. Layers are merged in the order in which they are given. An error means that a listing
// could not be read, which is a matter of the store and not of the image: half a tree would be taken for a whole one.
func build(ctx context.Context, t *Tree, layers []inspect.Layer) (*Tree, error) {
	t.layers, t.far = map[int]*treeLayer{}, map[place]home{}
	b := &builder{tree: t}
	for _, l := range layers {
		if l.Empty {
			continue
		}
		if l.DiffID == "" {
			b.gap = true
			continue
		}
		if b.entries+t.cache.knownOf(l.DiffID).Entries > MaxImageEntries {
			b.tooMany(l)
			continue
		}
		entries, err := t.store.Index(ctx, l.DiffID)
		if err != nil {
			return nil, fmt.Errorf("merging layer %d: %w", l.Number, err)
		}
		if t.cache != nil {
			t.cache.unpin(l.DiffID) // its entries are in the nodes from here on
		}
		if b.entries+len(entries) > MaxImageEntries {
			b.tooMany(l)
			continue
		}
		b.entries += len(entries)
		b.add(l, entries)
		if no := t.cache.knownOf(l.DiffID).Refused; no != "" {
			t.layers[l.Number].oddness.Stopped = no
		}
	}
	if b.merged != nil {
		t.nodes = make([]*inspect.Node, 0, len(b.merged.at))
		for _, i := range b.merged.sorted() {
			t.nodes = append(t.nodes, b.merged.dentries[i].node)
		}
	}
	t.arrange()
	return t, nil
}

// tooMany leaves a layer out. It stands in the tree with its bound and without nodes: left out silently it would look
// like a layer that changes nothing.
func (b *builder) tooMany(l inspect.Layer) {
	b.gap = true
	limit := &registry.LimitError{What: "number of files in the layers of an image", Limit: MaxImageEntries}
	b.keep(&treeLayer{layer: l, oddness: Oddness{Limit: limit.Error()}})
}

// add lays one layer over those below it. Layer 0 goes the native way, since there is nothing below for whiteouts to
// act on. Each other one is unpacked into a directory of its own first, as overlayfs has it; only if containerd would
// refuse that, it is unpacked over the layers below.
func (b *builder) add(l inspect.Layer, entries []inspect.Entry) {
	if b.merged == nil {
		b.merged = newSnapshot(len(entries), l.Number, &b.budget)
	}
	if l.Number == 0 {
		b.unpackNative(l, entries, Oddness{})
		return
	}
	u := &unpacker{
		fs: newSnapshot(len(entries), l.Number, &b.budget), layer: l.Number, lowers: b.lowers,
		below: b.merged, far: b.tree.far,
	}
	err := u.apply(entries)
	var no *refusal
	if errors.As(err, &no) {
		odd := Oddness{Refused: no.Error()}
		if b.gap {
			odd.Refused = "" // it may rest on what is missing
		}
		b.unpackNative(l, entries, odd)
		return
	}
	u.settle()
	m := &merger{to: b.merged, from: u.fs, doubts: &u.doubts, again: u.replaced}
	layer := newTreeLayer(l, m.merge(), &b.budget)
	layer.hidden, layer.counts = sortedNodes(m.lost), m.counts
	layer.oddness = Oddness{Differs: u.doubts.lines()}
	b.finish(layer, err)
}

// finish counts what a layer hides, and notes the bound that it passed. After a bound was passed the layers above may
// build on what was left out, so that their refusals are not reported.
func (b *builder) finish(l *treeLayer, err error) {
	for _, n := range l.hidden {
		l.counts.count(n, nil)
	}
	if err != nil {
		l.oddness.Limit, b.gap = err.Error(), true
	}
	b.keep(l)
}

// keep enters a layer into the tree. Layers without nodes are not looked through for what a path was before.
func (b *builder) keep(l *treeLayer) {
	b.tree.layers[l.layer.Number] = l
	if len(l.disk) > 0 {
		b.lowers = slices.Insert(b.lowers, 0, l)
	}
}

// unpackNative unpacks a layer over those below it as snapshotters without overlayfs do.
func (b *builder) unpackNative(l inspect.Layer, entries []inspect.Entry, odd Oddness) {
	first := len(b.lowers) == 0
	u := &unpacker{fs: b.merged, layer: l.Number, native: true, far: b.tree.far}
	err := u.apply(entries)
	u.settle()
	var counts changes
	order := u.made
	if first {
		order = b.merged.sorted()
	}
	disk := make([]*inspect.Node, 0, len(order))
	for _, i := range order {
		d := &b.merged.dentries[i]
		if d.gone {
			continue
		}
		disk = append(disk, d.node)
		if first && isWhiteout(d.node) {
			b.merged.remove(i, nil) // the first layer is below others, or below what a container writes
			continue
		}
		was := u.lost[d.node.Path] // what stands here again is replaced, not lost
		delete(u.lost, d.node.Path)
		counts.count(was, d.node)
		d.node.Change = changeOf(was, d.node)
	}
	if !first {
		slices.SortFunc(disk, func(a, b *inspect.Node) int { return comparePaths(a.Path, b.Path) })
	}
	layer := newTreeLayer(l, disk, &b.budget)
	layer.hidden, layer.counts, layer.oddness = sortedNodes(u.lost), counts, odd
	layer.oddness.Differs = u.doubts.lines()
	if u.refused != nil && !b.gap {
		layer.oddness.Stopped = u.refused.Error()
	}
	b.finish(layer, err)
}
