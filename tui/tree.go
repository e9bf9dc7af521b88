package tui

import (
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// treeKey names a tree: the image's subject and digest, and the layer.
type treeKey struct {
	subject string
	digest  string
	layer   int
}

// fileNode is a node of a file tree, in the order of a walk: its subtree is what follows it.
type fileNode struct {
	src    int32 // index of its inspect.Node; -1 for a directory that no entry names
	parent int32
	depth  int16
	dir    bool
	added  int32 // changes in it and below
	gone   int32
	edited int32
	size   int64
	path   string // a part of an entry's path, never a copy
}

// fileTree is the tree of a layer or of the merged image: a flat slice of nodes, and the visible ones among them.
// Opening and closing a directory splices the visible ones.
type fileTree struct {
	src     []inspect.Node
	nodes   []fileNode
	end     []int32 // of each node: one past its last descendant
	open    []bool  // of each node; beside the nodes, so that opening half a million of them stays quick
	visible []int32
	changed bool         // only what a layer changed is visible
	base    map[int]bool // layers whose changes are none of this image's: all that they hold would be marked
}

// newFileTree orders entries as a walk would meet them and adds the directories that none of them names. It takes
// long for large images, and so runs outside of Update.
func newFileTree(src []inspect.Node, base map[int]bool) *fileTree {
	t := &fileTree{src: src, base: base, nodes: make([]fileNode, 0, len(src)+len(src)/8)}
	order := make([]int32, 0, len(src))
	for i := range src {
		if strings.Trim(src[i].Path, "/") != "" {
			order = append(order, int32(i))
		}
	}
	byPath := func(a, b int32) int { return comparePaths(src[a].Path, src[b].Path) }
	if !slices.IsSortedFunc(order, byPath) {
		slices.SortStableFunc(order, byPath)
	}
	var stack []int32 // the directories above the next entry
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

// add appends an entry below the directories that are its own, which it makes where they are missing.
func (t *fileTree) add(at int32, stack []int32) []int32 {
	path := t.src[at].Path
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
		stack = t.push(fileNode{src: -1, dir: true, path: path[:start+cut]}, stack)
		start += cut + 1
	}
	dir := t.src[at].Type == inspect.EntryDir || t.src[at].Type == inspect.EntryOpaque
	stack = t.push(fileNode{src: at, dir: dir, path: path}, stack)
	return stack
}

// below says that a path lies in a directory.
func below(path, dir string) bool {
	return len(path) > len(dir) && path[len(dir)] == '/' && strings.HasPrefix(path, dir)
}

func (t *fileTree) push(n fileNode, stack []int32) []int32 {
	n.parent, n.depth = -1, int16(min(len(stack), 1000))
	if len(stack) > 0 {
		n.parent = stack[len(stack)-1]
	}
	i := int32(len(t.nodes))
	t.nodes = append(t.nodes, n)
	t.end = append(t.end, i+1)
	return append(stack, i)
}

// sum counts sizes and changes upwards.
func (t *fileTree) sum() {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		if t.end[i] > int32(i)+1 {
			n.dir = true
		}
		if n.src >= 0 {
			e := &t.src[n.src]
			if e.Type != inspect.EntryDir {
				n.size += e.Size
				switch t.change(*e) {
				case inspect.Added:
					n.added++
				case inspect.Modified:
					n.edited++
				case inspect.Removed:
					n.gone++
				case inspect.Same:
				}
			}
		}
		if n.parent >= 0 {
			up := &t.nodes[n.parent]
			up.size, up.added, up.edited, up.gone = up.size+n.size, up.added+n.added, up.edited+n.edited, up.gone+n.gone
		}
	}
}

// Reset closes all directories and shows the topmost rows; only those that changed, if asked for.
func (t *fileTree) Reset(changed bool) {
	t.changed = changed
	t.open = make([]bool, len(t.nodes))
	t.visible = t.children(-1, t.visible[:0])
}

// wanted says that a node is shown at all.
func (t *fileTree) wanted(at int32) bool {
	n := &t.nodes[at]
	return !t.changed || n.added+n.edited+n.gone > 0
}

// children appends what is visible below a node, with what is open below that.
func (t *fileTree) children(of int32, out []int32) []int32 {
	i, end := int32(0), int32(len(t.nodes))
	if of >= 0 {
		i, end = of+1, t.end[of]
	}
	out = slices.Grow(out, int(min(end-i, 1<<20)))
	for i < end {
		if t.changed && !t.wanted(i) {
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

// Open shows what is in the directory of a visible row, and says whether there was something to do.
func (t *fileTree) Open(row int) bool {
	at := t.visible[row]
	if !t.nodes[at].dir || t.open[at] {
		return false
	}
	t.open[at] = true
	rest := slices.Clone(t.visible[row+1:])
	t.visible = append(t.children(at, t.visible[:row+1]), rest...)
	return true
}

// Close hides what is in the directory of a visible row.
func (t *fileTree) Close(row int) bool {
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

// Parent gives the row of the directory that a row is in, or -1.
func (t *fileTree) Parent(row int) int {
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

// Reveal opens the directories above a path and gives its row, or -1 where the tree does not hold it.
func (t *fileTree) Reveal(path string) int {
	at, ok := t.find(path)
	if !ok {
		return -1
	}
	if !t.wanted(at) {
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

func (t *fileTree) find(path string) (int32, bool) {
	i, ok := slices.BinarySearchFunc(t.nodes, path, func(n fileNode, p string) int { return comparePaths(n.path, p) })
	return int32(i), ok
}

// match lists the nodes whose path contains all words. It takes long for large trees, and runs outside of Update.
func (t *fileTree) match(filter string) []int32 {
	words := strings.Fields(strings.ToLower(filter))
	var found []int32
	for i := range t.nodes {
		if containsAll(strings.ToLower(t.nodes[i].path), words) {
			found = append(found, int32(i))
		}
	}
	return found
}

// change is what a layer did to an entry, unless it is a layer of the base.
func (t *fileTree) change(e inspect.Node) inspect.Change {
	if t.base[e.Layer] {
		return inspect.Same
	}
	return e.Change
}

// entry gives the entry of a node, an empty directory for one that no entry names.
func (t *fileTree) entry(at int32) inspect.Node {
	n := &t.nodes[at]
	if n.src < 0 {
		return inspect.Node{Entry: inspect.Entry{Path: n.path, Type: inspect.EntryDir}, Layer: -1}
	}
	return t.src[n.src]
}
