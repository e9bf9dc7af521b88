package filetree

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// Key names a tree.
type Key struct {
	// Container: whose image it is
	Container string
	// Digest: of the image
	Digest string
	// Layer: or pane.MergedTree
	Layer int
}

// Files is the tree of a layer or of the merged image.
type Files struct {
	*widget.Tree
	entries entries
}

// entries are the files of a layer or of the merged image.
type entries struct {
	nodes []inspect.Node
	// base: layers whose changes are none of this image's: all of their files would be marked
	base map[int]bool
}

// NewFiles makes the tree; base are the layers whose changes are not marked. It takes long for large images: call it
// outside of Update.
func NewFiles(nodes []inspect.Node, base map[int]bool) *Files {
	e := entries{nodes: nodes, base: base}
	return &Files{Tree: widget.NewTree(e), entries: e}
}

// Len counts the entries.
func (e entries) Len() int { return len(e.nodes) }

// Path is where an entry is in the image.
func (e entries) Path(i int) string { return e.nodes[i].Path }

// Dir reports whether an entry is a directory. An opaque marker stands for one.
func (e entries) Dir(i int) bool {
	return e.nodes[i].Type == inspect.EntryDir || e.nodes[i].Type == inspect.EntryOpaque
}

// Size is that of an entry, in bytes.
func (e entries) Size(i int) int64 { return e.nodes[i].Size }

// Change is what a layer did to an entry, unless it is a layer of the base.
func (e entries) Change(i int) widget.Change { return e.change(e.nodes[i]) }

// change is what a layer did to an entry; changes of a base layer do not count.
func (e entries) change(n inspect.Node) widget.Change {
	if e.base[n.Layer] {
		return widget.Same
	}
	switch n.Change {
	case inspect.Added:
		return widget.Added
	case inspect.Modified:
		return widget.Modified
	case inspect.Removed:
		return widget.Removed
	default:
		return widget.Same
	}
}

// entry gives the entry of a node, an empty directory for one that no entry names.
func (f *Files) entry(at int32) inspect.Node {
	n := f.Node(at)
	if n.Entry < 0 {
		return inspect.Node{Entry: inspect.Entry{Path: n.Path, Type: inspect.EntryDir}, Layer: -1}
	}
	return f.entries.nodes[n.Entry]
}
