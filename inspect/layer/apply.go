package layer

import (
	"cmp"
	"errors"
	"maps"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// unpacker applies the entries of one layer in the order of its tar, as pkg/archive of containerd 2 does. For the
// overlayfs snapshotter a layer is unpacked into an empty directory of its own, and whiteouts become nodes in it; the
// first layer, and every layer for a snapshotter without overlayfs, is unpacked over what is below, and whiteouts
// remove.
type unpacker struct {
	fs     *snapshot
	layer  int
	native bool
	lowers []*treeLayer   // below this one, the highest first; none for native
	below  *snapshot      // the merged layers below; nil for native
	doubts doubts         // what other runtimes unpack in another way
	far    map[place]home // of hard links to files of lower layers

	named    map[string]bool          // native: paths that entries of this layer made, once there is an opaque marker
	lost     map[string]*inspect.Node // native: nodes of lower layers that are gone or changed, by path
	made     []int32                  // native: of this layer
	replaced map[string]bool          // overlay: paths at which something of this layer was removed
	marked   map[string]bool          // directories whose opaque marker came
	unnamed  int                      // directories that no entry names
	seen     int                      // dentries that were looked at for opaque markers
	refused  *refusal                 // native: the first entry that was left out
}

// apply unpacks all entries. Errors: *refusal where the overlayfs snapshotter stops, *registry.LimitError. Without
// overlayfs what is refused is left out, and the rest goes on. The order of the entries is the attacker's: a marker may
// stand before or behind what it would remove, a link before or behind what it names. Each entry is judged by what came
// before it, as a runtime does that unpacks a stream.
func (u *unpacker) apply(entries []inspect.Entry) error {
	if u.native {
		for i := range entries {
			if entries[i].Type == inspect.EntryOpaque {
				u.named = map[string]bool{}
				break
			}
		}
	}
	for i := range entries {
		err := u.one(&entries[i])
		var no *refusal
		if u.native && errors.As(err, &no) {
			u.refused = cmp.Or(u.refused, no)
			err = u.force(&entries[i])
		}
		if err != nil {
			return err
		}
	}
	if err := u.dated(entries); err != nil {
		var no *refusal
		if !u.native || !errors.As(err, &no) {
			return err
		}
		u.refused = cmp.Or(u.refused, no)
	}
	return nil
}

// dated looks for the directories of a layer at its end, when containerd sets their times: it refuses the layer if
// there is nothing any more where one of them was.
func (u *unpacker) dated(entries []inspect.Entry) error {
	for i := range entries {
		e := &entries[i]
		if e.Type != inspect.EntryDir || e.Path == "/" {
			continue
		}
		if n := u.fs.get(e.Path); n != nil && n.Type != inspect.EntrySymlink {
			continue
		}
		real, err := u.fs.resolver.rootPath(e.Path[1:])
		if err != nil {
			return err
		}
		if _, there := u.fs.at[real]; !there {
			return &refusal{e.Path, "is a directory that is removed again"}
		}
	}
	return nil
}

// force puts a file that no snapshotter unpacks where its name is, in the place of what is in the way: the layer did
// not run with containerd, and what is in it is to be seen all the same. Errors: *registry.LimitError. Directories,
// links and devices that are refused are left out: they hold no content that could be looked at.
func (u *unpacker) force(e *inspect.Entry) error {
	if e.Type != inspect.EntryFile || len(path.Base(e.Path)) > maxName {
		return nil
	}
	for at := e.Path; at != "/"; at = path.Dir(at) {
		if i, there := u.fs.at[at]; there && (at == e.Path || !u.fs.isDir(i)) {
			u.fs.remove(i, u.loses)
		}
	}
	dir, err := u.fs.makeDirectory(path.Dir(e.Path), u.madeFor)
	if errors.As(err, new(*refusal)) {
		return nil // a component that is too long
	}
	if err != nil {
		return err
	}
	return u.create(e, dir, e.Path)
}

// one unpacks one entry. The directory of its path is resolved through links, its last name is not: an entry replaces a
// link, it is not written through it.
func (u *unpacker) one(e *inspect.Entry) error {
	if e.Path == "/" && e.Type != inspect.EntryOpaque {
		return nil // containerd leaves the root directory as it is
	}
	if e.Type == inspect.EntryOpaque {
		dir, err := u.fs.directory(e.Path, u.madeFor)
		if err != nil {
			return err
		}
		return u.opaque(dir)
	}
	dir, err := u.fs.directory(path.Dir(e.Path), u.madeFor)
	if err != nil {
		return err
	}
	p := e.Path
	if above := u.fs.dentries[dir].node.Path; len(above) != max(strings.LastIndexByte(p, '/'), 1) ||
		p[:len(above)] != above {
		p = join(above, path.Base(p))
		if err := u.fs.resolver.budget.grow(len(p)); err != nil {
			return err
		}
	}
	if e.Type == inspect.EntryWhiteout {
		return u.whiteout(e, dir, p)
	}
	return u.create(e, dir, p)
}

// whiteout hides what lower layers have at a path: by a node of its own for overlayfs, else by removing it. containerd
// refuses a whiteout of what the same layer holds, since the node of the whiteout would stand in its place.
func (u *unpacker) whiteout(e *inspect.Entry, dir int32, p string) error {
	i, there := u.fs.at[p]
	if u.native {
		if there {
			u.fs.remove(i, u.loses)
		}
		return nil
	}
	if there {
		return &refusal{p, "has a whiteout in the layer that also contains it"}
	}
	u.fs.put(dir, u.fs.newNode(inspect.Entry{Path: p, Type: inspect.EntryWhiteout, UID: e.UID, GID: e.GID}, u.layer))
	return nil
}

// create makes what an entry stands for. An entry of a name that is there replaces it, but for a directory over a
// directory: the last of two members with one name wins. Errors: *refusal, *registry.LimitError.
func (u *unpacker) create(e *inspect.Entry, dir int32, p string) error {
	if base := path.Base(p); len(base) > maxName || len(p) >= registry.MaxPath {
		return tooLong(p)
	}
	i, there := u.fs.at[p]
	if there && (e.Type != inspect.EntryDir || !u.fs.isDir(i)) {
		if !u.native {
			u.replace(p)
		}
		u.fs.remove(i, u.loses)
		there = false
	}
	if u.named != nil {
		u.named[p] = true
	}
	switch e.Type {
	case inspect.EntryGlobal:
		if u.below != nil && u.below.get(p) != nil {
			u.doubts.add(doubtGlobal, p)
		}
		return nil
	case inspect.EntryHardlink:
		return u.hardlink(e, dir, p)
	case inspect.EntryDir:
		if there {
			u.directoryAgain(e, i)
			return nil
		}
	case inspect.EntrySymlink:
		if e.Link == "" {
			return &refusal{p, "is a link to nothing"}
		}
	case inspect.EntryChar:
		if isWhiteout(&inspect.Node{Entry: *e}) {
			u.doubts.add(doubtDevice, p)
		}
	default:
	}
	node := u.fs.newNode(*e, u.layer)
	node.Path, node.Xattrs = p, attributesOf(e.Type, e.Xattrs)
	u.keep(u.fs.put(dir, node))
	return nil
}

// keep remembers what this layer made, where it lies among what others did.
func (u *unpacker) keep(i int32) {
	if u.native {
		u.made = append(u.made, i)
	}
}

// replace notes that something of this layer was removed at a path. If a directory is made there again, overlayfs
// merges it with those of lower layers, and a runtime that unpacks into one directory does not.
func (u *unpacker) replace(p string) {
	if u.replaced == nil {
		u.replaced = map[string]bool{}
	}
	u.replaced[p] = true
}

// loses is called with what is removed. Only what a lower layer had is remembered.
func (u *unpacker) loses(n *inspect.Node) {
	if n.Layer == u.layer || !u.native {
		return
	}
	u.was(n)
}

// was remembers a node of a lower layer as it stood before this one.
func (u *unpacker) was(n *inspect.Node) {
	if u.lost == nil {
		u.lost = map[string]*inspect.Node{}
	}
	if _, known := u.lost[n.Path]; !known {
		u.lost[n.Path] = n
	}
}

// own gives the node of a dentry so that this layer may change it. A node of a lower layer is never written to: it is
// shared with the trees of other images. The copy is shallow but for what directoryAgain replaces: maps of attributes
// are never changed in place.
func (u *unpacker) own(i int32) *inspect.Node {
	n := u.fs.dentries[i].node
	if n.Layer == u.layer {
		return n
	}
	u.was(n)
	mine := u.fs.newNode(n.Entry, u.layer)
	u.fs.dentries[i].node = mine
	u.made = append(u.made, i)
	return mine
}

// directoryAgain gives a directory that is there the owner, mode and attributes of an entry.
func (u *unpacker) directoryAgain(e *inspect.Entry, i int32) {
	n := u.own(i)
	n.Mode, n.UID, n.GID, n.ModTime = e.Mode, e.UID, e.GID, e.ModTime
	n.Xattrs = joined(n.Xattrs, attributesOf(e.Type, e.Xattrs))
	u.fs.dentries[i].unnamed = false
}

// isWhiteout reports whether overlayfs takes a node for a whiteout: it is a character device 0:0
// (https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories).
func isWhiteout(n *inspect.Node) bool {
	return n.Type == inspect.EntryWhiteout || n.Type == inspect.EntryChar && n.Device == "0:0"
}

// opaque hides what lower layers have in a directory. The root directory of a layer cannot be opaque for overlayfs: the
// mark on it is that of the mount's upper directory, which is not looked at.
func (u *unpacker) opaque(dir int32) error {
	d := &u.fs.dentries[dir]
	again := u.marked[d.node.Path]
	if u.marked == nil {
		u.marked = map[string]bool{}
	}
	u.marked[d.node.Path] = true
	if !u.native {
		if dir == 0 {
			u.doubts.add(doubtRoot, d.node.Path)
		}
		d.opaque = true
		if u.unnamed > 0 && !again && u.anyUnnamed(dir) {
			u.doubts.add(doubtUnnamed, d.node.Path)
		}
		return nil
	}
	if !again {
		u.clear(dir)
	}
	return nil
}

// clear removes all below a directory but what entries of this layer made. What entries of this layer made before the
// marker stays, as containerd's unpacking without overlayfs keeps the paths that it has unpacked.
func (u *unpacker) clear(dir int32) {
	for i := u.fs.dentries[dir].child; i != noDentry; {
		next := u.fs.dentries[i].next
		if !u.named[u.fs.dentries[i].node.Path] {
			u.fs.remove(i, u.loses)
		} else {
			u.clear(i)
		}
		i = next
	}
}

// anyUnnamed reports whether the marker would remove something of its own layer without overlayfs. Each look counts
// against MaxEntries for the layer, since a marker may stand in a large directory many times; past the bound the answer
// is the doubtful one.
func (u *unpacker) anyUnnamed(dir int32) bool {
	for i := u.fs.dentries[dir].child; i != noDentry; i = u.fs.dentries[i].next {
		if u.seen++; u.seen > MaxEntries || u.fs.dentries[i].unnamed || u.anyUnnamed(i) {
			return true
		}
	}
	return false
}

// madeFor gives a directory that no entry names what containerd gives it: owner, mode and attributes of the same
// directory in the highest lower layer that has it. A group that is set on its parent is its own, as Linux does it.
func (u *unpacker) madeFor(n, above *inspect.Node) error {
	u.unnamed++
	n.Layer = u.layer
	if above.Mode&modeSetGID != 0 {
		n.GID = above.GID
	}
	if u.native {
		u.made = append(u.made, int32(len(u.fs.dentries)))
		return nil
	}
	if low := u.below.get(n.Path); low != nil && low.Type != inspect.EntryDir && !u.replaced[n.Path] {
		u.doubts.add(doubtLink, n.Path)
	}
	for _, l := range u.lowers {
		low, err := l.lookup(n.Path)
		if errors.Is(err, errNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if low.Type == inspect.EntryDir {
			n.Mode, n.UID, n.GID, n.ModTime, n.Xattrs = low.Mode, low.UID, low.GID, low.ModTime, low.Xattrs
		}
		return nil
	}
	return nil
}

// attributesOf are the extended attributes that containerd can set: those for the kernel alone are left out, and the
// user's own on what has no content. The result may be the map that was given, which callers must not change.
func attributesOf(of inspect.EntryType, all map[string]string) map[string]string {
	for name := range all {
		if settable(of, name) {
			continue
		}
		kept := maps.Clone(all)
		maps.DeleteFunc(kept, func(name, _ string) bool { return !settable(of, name) })
		return kept
	}
	return all
}

// modeSetGID on a directory hands its group on to what is made in it (inode(7)).
const modeSetGID = 0o2000

// attributeCapability gives a program rights without setuid (capabilities(7)); its value is binary.
const attributeCapability = "security.capability"

// settable reports whether containerd can set an attribute of a name space (xattr(7)) on what is of a type.
func settable(of inspect.EntryType, name string) bool {
	switch space, _, _ := strings.Cut(name, "."); space {
	case "user":
		return of == inspect.EntryFile || of == inspect.EntryHardlink || of == inspect.EntryDir
	case "security", "system":
		return true
	default: // trusted, and what no file system has
		return false
	}
}

// joined lays attributes over others, as setting them one after the other does. It changes neither map.
func joined(a, b map[string]string) map[string]string {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
