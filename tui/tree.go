package tui

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// treeKey names a tree: the image's subject and digest, and the layer.
type treeKey struct {
	subject string
	digest  string
	layer   int
}

// fileTree is the tree of a layer or of the merged image.
type fileTree struct {
	*widget.Tree
	files files
}

// files are the entries of a layer or of the merged image, for a tree.
type files struct {
	src  []inspect.Node
	base map[int]bool // layers whose changes are none of this image's: all that they hold would be marked
}

// newFileTree takes long for large images: call it outside of Update.
func newFileTree(src []inspect.Node, base map[int]bool) *fileTree {
	f := files{src: src, base: base}
	return &fileTree{Tree: widget.NewTree(f), files: f}
}

// Len counts the entries.
func (f files) Len() int { return len(f.src) }

// Path is where an entry is in the image.
func (f files) Path(i int) string { return f.src[i].Path }

// Dir reports whether an entry is a directory. An opaque marker stands for one.
func (f files) Dir(i int) bool {
	return f.src[i].Type == inspect.EntryDir || f.src[i].Type == inspect.EntryOpaque
}

// Size is that of an entry, in bytes.
func (f files) Size(i int) int64 { return f.src[i].Size }

// Change is what a layer did to an entry, unless it is a layer of the base.
func (f files) Change(i int) widget.Change { return f.change(f.src[i]) }

func (f files) change(e inspect.Node) widget.Change {
	if f.base[e.Layer] {
		return widget.Same
	}
	switch e.Change {
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
func (t *fileTree) entry(at int32) inspect.Node {
	n := t.Node(at)
	if n.Entry < 0 {
		return inspect.Node{Entry: inspect.Entry{Path: n.Path, Type: inspect.EntryDir}, Layer: -1}
	}
	return t.files.src[n.Entry]
}
