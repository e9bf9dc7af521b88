package layer

import (
	"github.com/backtrail/backtrail/inspect"
)

// merge lays a sheet over the sorted nodes of the layers below, in one walk along both. Since what is in a directory
// follows it, one path is enough to remember what is hidden.
type merge struct {
	above  *sheet
	out    []*inspect.Node
	hidden []*inspect.Node // nodes of layers below that this layer takes away
	counts changes
	dead   string // all below this path is hidden; "" for nothing
}

// changes counts regular files against the tree below.
type changes struct {
	added, modified, removed int
}

func overlay(below []*inspect.Node, above *sheet) *merge {
	m := &merge{above: above, out: make([]*inspect.Node, 0, len(below)+len(above.nodes))}
	i, j := 0, 0
	for i < len(below) || j < len(above.nodes) {
		order := 0
		switch {
		case i == len(below):
			order = 1
		case j == len(above.nodes):
			order = -1
		default:
			order = comparePaths(below[i].Path, above.nodes[j].Path)
		}
		switch {
		case order < 0:
			m.lower(below[i])
			i++
		case order > 0:
			m.upper(&above.nodes[j])
			j++
		default:
			m.both(below[i], &above.nodes[j])
			i++
			j++
		}
	}
	return m
}

// covered says that a lower node is hidden by something above it or by a whiteout of its own, and remembers what
// the node's own path hides.
func (m *merge) covered(n *inspect.Node) bool {
	if m.dead != "" && within(n.Path, m.dead) {
		return true
	}
	m.dead = ""
	gone := m.above.gone[n.Path] && n.Path != "/"
	if gone || m.above.opaque[n.Path] {
		m.dead = n.Path
	}
	return gone
}

func (m *merge) lower(n *inspect.Node) {
	if !m.covered(n) {
		m.out = append(m.out, n)
		return
	}
	m.hidden = append(m.hidden, n)
	if isRegular(n) {
		m.counts.removed++
	}
}

func (m *merge) upper(n *inspect.Node) {
	n.Change = inspect.Added
	m.out = append(m.out, n)
	if isRegular(n) {
		m.counts.added++
	}
}

func (m *merge) both(low, up *inspect.Node) {
	covered := m.covered(low)
	if m.above.implicit[up.Path] && !covered && low.Type == inspect.EntryDir {
		m.out = append(m.out, low)
		return
	}
	m.out = append(m.out, up)
	up.Change = inspect.Modified
	if up.Type == inspect.EntryDir && low.Type == inspect.EntryDir && up.Mode == low.Mode && up.UID == low.UID && up.GID == low.GID {
		up.Change = inspect.Same
	}
	if up.Type != inspect.EntryDir && m.dead == "" {
		m.dead = up.Path
	}
	switch was, is := isRegular(low), isRegular(up); {
	case was && is:
		m.counts.modified++
	case is:
		m.counts.added++
	case was:
		m.counts.removed++
	}
}

// isRegular says that a node is a file with content. Each path of a hard link counts as one.
func isRegular(n *inspect.Node) bool {
	return n.Type == inspect.EntryFile || n.Type == inspect.EntryHardlink && n.SHA256 != ""
}
