package layer

import (
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// snapshot is a directory tree while layers are unpacked into it, as a snapshotter of containerd has it on disk.
type snapshot struct {
	dentries []dentry
	at       map[string]int32 // those that are there, by path
	inodes   []inode          // of dentries that share one with others; the first belongs to none
	dirty    []int32          // inodes that changed since their names were written to
	slab     []inspect.Node   // room for nodes
	changed  int              // counts what may lead a path elsewhere: symbolic links, removals
	resolver linkResolver
}

// dentry is a name in a directory. Its neighbours are places in snapshot.dentries, noDentry for none.
type dentry struct {
	node                      *inspect.Node
	parent, child, next, prev int32
	inode                     int32 // place in snapshot.inodes, 0 for an inode of its own
	gone                      bool  // removed
	unnamed                   bool  // a directory that is there only because something is in it
	opaque                    bool  // a directory that hides what lower layers have in it
}

// noDentry is the number of no dentry: the end of a list of children.
const noDentry = int32(-1)

// inode is what several names share.
type inode struct {
	entry inspect.Entry
	names []int32
	dirty bool // changed since its names were written to
}

// newSnapshot makes an empty tree with room for n nodes. The root directory is the snapshotter's own: containerd
// leaves out what a layer lists of it.
func newSnapshot(n, layer int, b *budget) *snapshot {
	s := &snapshot{at: make(map[string]int32, n+1), inodes: make([]inode, 1)}
	s.dentries = make([]dentry, 0, n+16)
	s.resolver = linkResolver{find: s.get, budget: b}
	s.grow(n + 16)
	root := s.newNode(inspect.Entry{Path: "/", Type: inspect.EntryDir, Mode: 0o755}, layer)
	s.dentries = append(s.dentries, dentry{
		node: root, parent: noDentry, child: noDentry, next: noDentry,
		prev: noDentry, unnamed: true,
	})
	s.at["/"] = 0
	return s
}

// grow makes room for n more nodes in one piece. Nodes that were given out stay where they are: a slab is replaced,
// never moved.
func (s *snapshot) grow(n int) {
	if cap(s.slab)-len(s.slab) < n {
		s.slab = make([]inspect.Node, 0, n)
	}
}

// newNode takes a node from the slab. Nodes of a layer lie together in memory and are freed together.
func (s *snapshot) newNode(e inspect.Entry, layer int) *inspect.Node {
	if len(s.slab) == cap(s.slab) {
		s.grow(1024)
	}
	s.slab = append(s.slab, inspect.Node{Entry: e, Layer: layer})
	return &s.slab[len(s.slab)-1]
}

// get finds the node of a path, nil where there is none. No link is followed.
func (s *snapshot) get(p string) *inspect.Node {
	if i, ok := s.at[p]; ok {
		return s.dentries[i].node
	}
	return nil
}

// isDir reports whether a dentry is a directory; a link to one is none.
func (s *snapshot) isDir(i int32) bool { return s.dentries[i].node.Type == inspect.EntryDir }

// put adds a name to a directory. The path of the node must be free, and its directory be dir. The newest name stands
// first among its neighbours.
func (s *snapshot) put(dir int32, node *inspect.Node) int32 {
	i := int32(len(s.dentries))
	first := s.dentries[dir].child
	s.dentries = append(s.dentries, dentry{node: node, parent: dir, child: noDentry, next: first, prev: noDentry})
	if first != noDentry {
		s.dentries[first].prev = i
	}
	s.dentries[dir].child = i
	s.at[node.Path] = i
	if node.Type == inspect.EntrySymlink {
		s.changed++
	}
	return i
}

// remove takes away a name and all below it. lost is called with each and may be nil. Dentries are marked and not
// reused, so that numbers that others hold stay valid.
func (s *snapshot) remove(i int32, lost func(*inspect.Node)) {
	d := &s.dentries[i]
	if d.prev != noDentry {
		s.dentries[d.prev].next = d.next
	} else {
		s.dentries[d.parent].child = d.next
	}
	if d.next != noDentry {
		s.dentries[d.next].prev = d.prev
	}
	s.changed++
	s.empty(i, lost)
	s.forget(i, lost)
}

// empty takes away all below a directory. It goes down and up along the pointers instead of calling itself: a tar can
// make a path of 2,000 directories cheaply.
func (s *snapshot) empty(dir int32, lost func(*inspect.Node)) {
	s.changed++
	at := s.dentries[dir].child
	s.dentries[dir].child = noDentry
	for at != noDentry {
		if down := s.dentries[at].child; down != noDentry {
			s.dentries[at].child = noDentry
			at = down
			continue
		}
		next, up := s.dentries[at].next, s.dentries[at].parent
		s.forget(at, lost)
		if at = next; at == noDentry && up != dir {
			at = up
		}
	}
}

// forget takes a dentry out of the index by path.
func (s *snapshot) forget(i int32, lost func(*inspect.Node)) {
	d := &s.dentries[i]
	d.gone = true
	delete(s.at, d.node.Path)
	if lost != nil {
		lost(d.node)
	}
}

// link makes a name share the inode of another. The group of names is made at the first further name; most files never
// have one.
func (s *snapshot) link(dir, target int32, node *inspect.Node) int32 {
	group := s.dentries[target].inode
	if group == 0 {
		group = int32(len(s.inodes))
		s.inodes = append(s.inodes, inode{entry: s.dentries[target].node.Entry, names: []int32{target}})
		s.dentries[target].inode = group
	}
	i := s.put(dir, node)
	s.dentries[i].inode = group
	s.inodes[group].names = append(s.inodes[group].names, i)
	if !s.inodes[group].dirty {
		s.inodes[group].dirty = true
		s.dirty = append(s.dirty, group)
	}
	return i
}

// directory gives the directory that a clean path leads to, with links followed as containerd follows them, and makes
// what is missing of it. made is called for each directory that is made, and may set what it has. Errors: *refusal,
// *registry.LimitError.
func (s *snapshot) directory(dir string, made func(n, above *inspect.Node) error) (int32, error) {
	if i, ok := s.at[dir]; ok && s.isDir(i) {
		return i, nil
	}
	above := s.nearest(dir)
	if s.dentries[above].node.Type == inspect.EntrySymlink {
		real, err := s.resolver.directory(dir, s.changed)
		if err != nil {
			return 0, err
		}
		return s.makeDirectory(real, made)
	}
	return s.makeDirectory(dir, made)
}

// nearest gives what is there of a path: its own dentry, or that of the nearest name above it. It ends at the root
// directory, which is always there.
func (s *snapshot) nearest(p string) int32 {
	for {
		if i, ok := s.at[p]; ok {
			return i
		}
		p = path.Dir(p)
	}
}

// makeDirectory makes a directory whose path leads through no link. The budget is taken before each directory: one
// header of 4 KiB can name 2,000 directories. Errors: *refusal, *registry.LimitError.
func (s *snapshot) makeDirectory(dir string, made func(n, above *inspect.Node) error) (int32, error) {
	at := s.nearest(dir)
	above := s.dentries[at].node.Path
	if !s.isDir(at) {
		return 0, &refusal{above, "is no directory, and something is to be unpacked into it"}
	}
	for above != dir {
		start := len(strings.TrimSuffix(above, "/")) + 1
		end := len(dir)
		if slash := strings.IndexByte(dir[start:], '/'); slash >= 0 {
			end = start + slash
		}
		if above = dir[:end]; end-start > maxName || end > registry.MaxPath {
			return 0, tooLong(above)
		}
		if err := s.resolver.budget.makeDirectory(len(above)); err != nil {
			return 0, err
		}
		node := s.newNode(inspect.Entry{Path: above, Type: inspect.EntryDir, Mode: 0o755}, s.dentries[at].node.Layer)
		if err := made(node, s.dentries[at].node); err != nil {
			return 0, err
		}
		at = s.put(at, node)
		s.dentries[at].unnamed = true
	}
	return at, nil
}

// sorted lists what is there by path, component by component.
func (s *snapshot) sorted() []int32 {
	list := make([]int32, 1, len(s.at))
	var names []int32
	return s.below(list, 0, &names)
}

// below appends all below a directory. names is room that the directories share. Directories are as deep as MaxPath
// lets them be, which bounds the recursion.
func (s *snapshot) below(list []int32, dir int32, names *[]int32) []int32 {
	from := len(*names)
	for i := s.dentries[dir].child; i != noDentry; i = s.dentries[i].next {
		*names = append(*names, i)
	}
	own := (*names)[from:]
	slices.Reverse(own) // the newest stands first, and most tars are in order
	slices.SortFunc(own, func(a, b int32) int {
		return strings.Compare(s.dentries[a].node.Path, s.dentries[b].node.Path)
	})
	for k := range own {
		i := (*names)[from+k]
		if list = append(list, i); s.dentries[i].child != noDentry {
			list = s.below(list, i, names)
		}
	}
	*names = (*names)[:from]
	return list
}
