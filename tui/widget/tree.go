package widget

import (
	"slices"
	"strings"
)

// Change is what happened to an entry of a tree.
type Change int8

// The changes.
const (
	Same Change = iota
	Added
	Modified
	Removed
)

// Entries are what a tree is made of, in any order. A path begins with a slash; a tree adds the directories that no
// entry names.
type Entries interface {
	Len() int
	Path(i int) string
	Dir(i int) bool
	// bytes
	Size(i int) int64
	Change(i int) Change
}

// Node is one node of a tree, with the sums of what is below it.
type Node struct {
	// Entry: index among the entries; -1 for a directory that no entry names
	Entry int
	// Path: a part of an entry's path, never a copy
	Path string
	// 0 at the top
	Depth int
	Dir   bool
	// Open: its content is visible
	Open bool
	Size int64
	// Added: changes in it and below
	Added  int32
	Edited int32
	Gone   int32
}

// treeNode is a node in the order of a walk: its subtree is what follows it.
type treeNode struct {
	// src: index among the entries; -1 for a directory that no entry names
	src    int32
	parent int32
	depth  int16
	dir    bool
	added  int32
	gone   int32
	edited int32
	size   int64
	path   string
}

// maxDepth bounds the depth that is kept of a node; hostile archives nest deeper than anybody reads.
const maxDepth = 1000

// Tree is a tree of paths: a flat slice of nodes, and the visible ones among them. Opening and closing a directory
// splices the visible ones, so that it costs as much as what appears, not as much as the tree.
type Tree struct {
	entries Entries
	nodes   []treeNode
	// end: of each node: one past its last descendant
	end []int32
	// open: of each node; beside the nodes, so that opening half a million of them stays quick
	open    []bool
	visible []int32
	// changed: only what changed is visible
	changed bool
}

// NewTree orders entries as a walk would meet them and adds the missing directories. It takes long for half a million
// entries: call it outside of Update.
func NewTree(entries Entries) *Tree {
	n := entries.Len()
	t := &Tree{entries: entries, nodes: make([]treeNode, 0, n+n/8)}
	order := make([]int32, 0, n)
	for i := range n {
		if strings.Trim(entries.Path(i), "/") != "" {
			order = append(order, int32(i))
		}
	}
	byPath := func(a, b int32) int { return comparePaths(entries.Path(int(a)), entries.Path(int(b))) }
	if !slices.IsSortedFunc(order, byPath) {
		slices.SortStableFunc(order, byPath)
	}
	// the directories above the next entry
	var stack []int32
	for _, at := range order {
		stack = t.add(at, stack)
	}
	for _, i := range stack {
		t.end[i] = int32(len(t.nodes))
	}
	t.sum()
	t.Reset(false)
	return t
}

// comparePaths orders paths so that a directory's content follows it at once: / sorts before all else.
func comparePaths(a, b string) int {
	for i := 0; i < min(len(a), len(b)); i++ {
		x, y := a[i], b[i]
		switch {
		case x == y:
			continue
		case x == '/':
			return -1
		case y == '/':
			return 1
		default:
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

// add appends an entry below its directories, which it makes where they are missing.
func (t *Tree) add(at int32, stack []int32) []int32 {
	path := t.entries.Path(int(at))
	for len(stack) > 0 && !below(path, t.nodes[stack[len(stack)-1]].path) {
		t.end[stack[len(stack)-1]] = int32(len(t.nodes))
		stack = stack[:len(stack)-1]
	}
	start := 1
	if n := len(stack); n > 0 {
		start = len(t.nodes[stack[n-1]].path) + 1
	}
	for start < len(path) {
		cut := strings.IndexByte(path[start:], '/')
		if cut < 0 {
			break
		}
		stack = t.push(treeNode{src: -1, dir: true, path: path[:start+cut]}, stack)
		start += cut + 1
	}
	return t.push(treeNode{src: at, dir: t.entries.Dir(int(at)), path: path}, stack)
}

// below reports whether a path lies in a directory.
func below(path, dir string) bool {
	return len(path) > len(dir) && path[len(dir)] == '/' && strings.HasPrefix(path, dir)
}

// push appends a node below the last directory of the stack.
func (t *Tree) push(n treeNode, stack []int32) []int32 {
	n.parent, n.depth = -1, int16(min(len(stack), maxDepth))
	if len(stack) > 0 {
		n.parent = stack[len(stack)-1]
	}
	i := int32(len(t.nodes))
	t.nodes = append(t.nodes, n)
	t.end = append(t.end, i+1)
	return append(stack, i)
}

// sum counts sizes and changes upwards.
func (t *Tree) sum() {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		if t.end[i] > int32(i)+1 {
			n.dir = true
		}
		if n.src >= 0 && !t.entries.Dir(int(n.src)) {
			n.size += t.entries.Size(int(n.src))
			switch t.entries.Change(int(n.src)) {
			case Added:
				n.added++
			case Modified:
				n.edited++
			case Removed:
				n.gone++
			case Same: // nothing to count
			}
		}
		if n.parent >= 0 {
			up := &t.nodes[n.parent]
			up.size += n.size
			up.added, up.edited, up.gone = up.added+n.added, up.edited+n.edited, up.gone+n.gone
		}
	}
}

// Len counts the visible rows.
func (t *Tree) Len() int { return len(t.visible) }

// Changed reports whether only what changed is visible.
func (t *Tree) Changed() bool { return t.changed }

// At gives the number of the node on a visible row.
func (t *Tree) At(row int) int32 { return t.visible[row] }

// Node gives a node by its number.
func (t *Tree) Node(at int32) Node {
	n := &t.nodes[at]
	return Node{
		Entry: int(n.src), Path: n.path, Depth: int(n.depth), Dir: n.dir, Open: t.open[at],
		Size: n.size, Added: n.added, Edited: n.edited, Gone: n.gone,
	}
}

// Reset closes all directories and shows the topmost rows; only those that changed, where changed is true.
func (t *Tree) Reset(changed bool) {
	t.changed = changed
	t.open = make([]bool, len(t.nodes))
	t.visible = t.children(-1, t.visible[:0])
}

// OpenAll opens every directory.
func (t *Tree) OpenAll() {
	for i := range t.nodes {
		t.open[i] = t.nodes[i].dir
	}
	t.visible = t.children(-1, t.visible[:0])
}

// Wanted reports whether a node is shown at all, once the directories above it are open.
func (t *Tree) Wanted(at int32) bool {
	n := &t.nodes[at]
	return !t.changed || n.added+n.edited+n.gone > 0
}

// children appends what is visible below a node, with what is open below that.
func (t *Tree) children(of int32, out []int32) []int32 {
	i, end := int32(0), int32(len(t.nodes))
	if of >= 0 {
		i, end = of+1, t.end[of]
	}
	out = slices.Grow(out, int(min(end-i, 1<<20)))
	for i < end {
		if t.changed && !t.Wanted(i) {
			i = t.end[i]
			continue
		}
		out = append(out, i)
		if t.open[i] {
			i++
		} else {
			i = t.end[i]
		}
	}
	return out
}

// Open shows the content of the directory on a visible row. It reports whether there was anything to do.
func (t *Tree) Open(row int) bool {
	at := t.visible[row]
	if !t.nodes[at].dir || t.open[at] {
		return false
	}
	t.open[at] = true
	rest := slices.Clone(t.visible[row+1:])
	t.visible = append(t.children(at, t.visible[:row+1]), rest...)
	return true
}

// Close hides the content of the directory on a visible row. It reports whether there was anything to do.
func (t *Tree) Close(row int) bool {
	at := t.visible[row]
	if !t.nodes[at].dir || !t.open[at] {
		return false
	}
	t.open[at] = false
	last := row + 1
	for last < len(t.visible) && t.visible[last] < t.end[at] {
		last++
	}
	t.visible = slices.Delete(t.visible, row+1, last)
	return true
}

// Parent gives the row of the directory that a row is in, or -1 at the top.
func (t *Tree) Parent(row int) int {
	up := t.nodes[t.visible[row]].parent
	if up < 0 {
		return -1
	}
	i, ok := slices.BinarySearch(t.visible[:row], up)
	if !ok {
		return -1
	}
	return i
}

// Reveal opens the directories above a path and gives its row, or -1 where the tree does not have the path. Where only
// changes are visible and the path is none, everything is visible afterwards.
func (t *Tree) Reveal(path string) int {
	at, ok := t.Find(path)
	if !ok {
		return -1
	}
	if !t.Wanted(at) {
		t.Reset(false)
	}
	var above []int32
	for up := t.nodes[at].parent; up >= 0; up = t.nodes[up].parent {
		above = append(above, up)
	}
	for _, up := range slices.Backward(above) {
		if i, ok := slices.BinarySearch(t.visible, up); ok {
			t.Open(i)
		}
	}
	i, ok := slices.BinarySearch(t.visible, at)
	if !ok {
		return -1
	}
	return i
}

// Find gives the number of the node with this path.
func (t *Tree) Find(path string) (int32, bool) {
	byPath := func(n treeNode, p string) int { return comparePaths(n.path, p) }
	i, ok := slices.BinarySearchFunc(t.nodes, path, byPath)
	return int32(i), ok
}

// Match lists the nodes whose path contains all words of the filter. It takes long for large trees: call it outside of
// Update.
func (t *Tree) Match(filter string) []int32 {
	words := strings.Fields(strings.ToLower(filter))
	var found []int32
	for i := range t.nodes {
		if containsAll(strings.ToLower(t.nodes[i].path), words) {
			found = append(found, int32(i))
		}
	}
	return found
}
