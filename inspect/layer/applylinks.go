package layer

import (
	"fmt"
	"maps"
	"path"

	"github.com/backtrail/backtrail/inspect"
)

// hardlink makes a further name of a file. Owner, mode and attributes of the entry are set on what the names share.
// Setting the owner takes capabilities away, as Linux does it. The link is resolved in this layer alone: containerd
// does not find a file of a lower layer from the directory that overlayfs unpacks into. A target that is a link is not
// followed, as link(2) does not.
func (u *unpacker) hardlink(e *inspect.Entry, dir int32, p string) error {
	above, base := path.Split(e.Link)
	above, err := u.fs.resolver.rootPath(above)
	if err != nil {
		return err
	}
	to := path.Join(above, base) // a parent of the root directory is that
	target, there := u.fs.at[to]
	switch {
	case !there:
		return &refusal{p, fmt.Sprintf("is a hard link to %q, which the layer does not hold before it", e.Link)}
	case u.fs.isDir(target):
		return &refusal{p, fmt.Sprintf("is a hard link to the directory %q", e.Link)}
	}
	node := u.fs.newNode(inspect.Entry{Path: p, Type: inspect.EntryHardlink, Link: e.Link}, u.layer)
	if of := u.fs.dentries[target].node; of.Type != inspect.EntryFile && of.Type != inspect.EntryHardlink {
		node.Type, node.Link = of.Type, of.Link
	}
	i := u.fs.link(dir, target, node)
	u.keep(i)
	shared := &u.fs.inodes[u.fs.dentries[i].inode]
	was := &shared.entry
	if isWhiteout(u.fs.dentries[target].node) && !u.native {
		u.doubts.add(doubtDevice, p)
	} else if was.Type != inspect.EntrySymlink && (was.Mode != e.Mode || was.UID != e.UID || was.GID != e.GID) {
		u.doubts.add(doubtLinkMode, p)
	}
	if was.Type != inspect.EntrySymlink {
		was.Mode = e.Mode
	}
	was.UID, was.GID, was.ModTime = e.UID, e.GID, e.ModTime
	if _, capable := was.Xattrs[attributeCapability]; capable {
		was.Xattrs = maps.Clone(was.Xattrs)
		delete(was.Xattrs, attributeCapability)
	}
	was.Xattrs = joined(was.Xattrs, attributesOf(was.Type, e.Xattrs))
	return nil
}

// settle writes what names share to each of them. It runs once, after all entries: a later header may change what
// earlier names show. A lower name of a file becomes this layer's node only if something of it really changed.
func (u *unpacker) settle() {
	for _, g := range u.fs.dirty {
		shared := &u.fs.inodes[g]
		shared.dirty = false
		content := u.home(u.fs.dentries[shared.names[0]].node)
		for _, i := range shared.names {
			if n := u.fs.dentries[i].node; !u.fs.dentries[i].gone && (n.Layer == u.layer || !sameAttributes(&n.Entry,
				&shared.entry)) {
				u.rename(u.own(i), shared.entry, content)
			}
		}
	}
	u.fs.dirty = nil
}

// rename makes a node a name of what names share, whose content is at a place. Content that another layer holds is
// remembered in far; the offset of the entry belongs to that layer's tar and would be read from the wrong one here.
func (u *unpacker) rename(n *inspect.Node, shared inspect.Entry, content home) {
	name := n.Entry
	n.Entry = shared
	n.Path = name.Path
	if name.Type == inspect.EntryHardlink {
		n.Type, n.Link = name.Type, name.Link
	}
	if content.layer != u.layer && isRegular(n) {
		u.far[place{n.Layer, n.Path}] = content
		n.Offset = 0
	}
}

// home is the place of a node's content.
func (u *unpacker) home(n *inspect.Node) home {
	if h, ok := u.far[place{n.Layer, n.Path}]; ok {
		return h
	}
	return home{n.Layer, n.Entry}
}

// sameAttributes leaves content and time out: it decides whether a name of a lower layer has to be shown as changed,
// and the time alone is nothing that a reader looks for.
func sameAttributes(a, b *inspect.Entry) bool {
	return a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID && maps.Equal(a.Xattrs, b.Xattrs)
}
