package layer

import (
	"maps"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// changes counts regular files against the tree below.
type changes struct {
	added, modified, removed int
}

// count takes in what became of one path; nil stands for nothing.
func (c *changes) count(was, is *inspect.Node) {
	switch before, after := was != nil && isRegular(was), is != nil && isRegular(is); {
	case before && after:
		c.modified++
	case after:
		c.added++
	case before:
		c.removed++
	}
}

// merger lays one layer, unpacked by itself, over those below it, as overlayfs shows them.
type merger struct {
	to     *snapshot // the layers below, and then this one too
	from   *snapshot
	layer  int
	doubts *doubts
	again  map[string]bool          // paths at which something of the layer was removed while it was unpacked
	lost   map[string]*inspect.Node // nodes below a directory or file that hides them
	counts changes
	inodes map[int32]int32 // of from, in to
}

// merge gives the nodes of the layer, sorted. Directories come before what is in them, so that the parent of a node
// that is added is always there.
func (m *merger) merge() []*inspect.Node {
	order := m.from.sorted()
	list := make([]*inspect.Node, 0, len(order))
	for _, i := range order {
		n := m.from.dentries[i].node
		list = append(list, n)
		if low, there := m.to.at[n.Path]; there {
			m.over(low, i)
		} else if !isWhiteout(n) {
			m.add(i)
		}
	}
	return list
}

// add puts a node where there is nothing. A node that stands where the same layer took something away, by a whiteout of
// its directory, is modified rather than added.
func (m *merger) add(i int32) {
	n := m.from.dentries[i].node
	parent := m.from.dentries[m.from.dentries[i].parent].node.Path
	m.share(i, m.to.put(m.to.at[parent], n))
	was := m.lost[n.Path]
	delete(m.lost, n.Path)
	m.counts.count(was, n)
	n.Change = changeOf(was, n)
	if m.from.dentries[i].unnamed && !sameAttributes(&n.Entry, &inspect.Entry{Mode: 0o755}) {
		m.doubts.add(doubtHidden, n.Path)
	}
}

// over puts a node where there is one. The rules are those of overlayfs: a whiteout hides, a directory merges with a
// directory, anything else replaces. The attribute trusted.overlay.opaque is not read from the tar:
// containerd sets it by the marker alone.
func (m *merger) over(low, i int32) {
	d := &m.from.dentries[i]
	was := m.to.dentries[low].node
	if isWhiteout(d.node) {
		m.to.remove(low, m.loses)
		return
	}
	if d.node.Type != inspect.EntryDir || was.Type != inspect.EntryDir {
		m.to.remove(low, m.loses)
		m.add(i)
		return
	}
	switch {
	case d.opaque && i != 0: // overlayfs does not look at the mark of a root directory
		m.to.empty(low, m.loses)
	case m.again[d.node.Path]:
		m.doubts.add(doubtReplaced, d.node.Path)
	}
	if d.unnamed && sameAttributes(&was.Entry, &d.node.Entry) {
		return
	}
	for name := range was.Xattrs {
		if _, kept := d.node.Xattrs[name]; !kept {
			m.doubts.add(doubtMerged, d.node.Path)
		}
	}
	m.to.dentries[low].node = d.node
	d.node.Change = changeOf(was, d.node)
}

// share keeps together what shares an inode. The numbers of inodes of two snapshots have nothing to do with each other.
func (m *merger) share(i, to int32) {
	group := m.from.dentries[i].inode
	if group == 0 {
		return
	}
	if m.inodes == nil {
		m.inodes = map[int32]int32{}
	}
	g, known := m.inodes[group]
	if !known {
		g = int32(len(m.to.inodes))
		m.inodes[group] = g
		m.to.inodes = append(m.to.inodes, inode{entry: m.from.inodes[group].entry})
	}
	m.to.inodes[g].names = append(m.to.inodes[g].names, to)
	m.to.dentries[to].inode = g
}

// loses notes a node of a lower layer that the merged tree no longer shows.
func (m *merger) loses(n *inspect.Node) {
	if m.lost == nil {
		m.lost = map[string]*inspect.Node{}
	}
	m.lost[n.Path] = n
}

// changeOf describes what a layer did to a path. Directories that only stand there again are the same.
func changeOf(was, is *inspect.Node) inspect.Change {
	switch {
	case was == nil:
		return inspect.Added
	case was.Type == inspect.EntryDir && is.Type == inspect.EntryDir && was.Mode == is.Mode && was.UID == is.UID &&
		was.GID == is.GID:
		return inspect.Same
	default:
		return inspect.Modified
	}
}

// sortedNodes lists nodes by path.
func sortedNodes(of map[string]*inspect.Node) []*inspect.Node {
	return slices.SortedFunc(maps.Values(of), func(a, b *inspect.Node) int { return comparePaths(a.Path, b.Path) })
}

// isRegular reports whether a node is a file with content. Each path of a hard link counts as one.
func isRegular(n *inspect.Node) bool {
	return n.Type == inspect.EntryFile || n.Type == inspect.EntryHardlink && n.SHA256 != ""
}
