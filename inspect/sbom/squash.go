package sbom

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"time"

	stereoscope "github.com/anchore/stereoscope/pkg/file"
	"github.com/anchore/stereoscope/pkg/filetree"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/files"
)

// squash is the merged tree of an image in the form in which syft's cataloguers search: stereoscope's tree and index,
// so that globs, links and MIME types mean the same as with syft's own image source.
type squash struct {
	tree   *filetree.FileTree
	index  filetree.Index
	search filetree.Searcher
	nodes  map[stereoscope.ID]*inspect.Node
	refs   map[*inspect.Node]stereoscope.Reference
}

// newSquash lays out a merged tree for searching.
func newSquash(ctx context.Context, t *files.Tree) (*squash, error) {
	s := &squash{
		tree: filetree.New(), index: filetree.NewIndex(),
		nodes: make(map[stereoscope.ID]*inspect.Node, t.Len()), refs: make(map[*inspect.Node]stereoscope.Reference, t.Len()),
	}
	build := filetree.NewBuilder(s.tree, s.index)
	n := 0
	for node := range t.All() {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if node.Path == "/" {
			continue
		}
		ref, err := build.Add(metadata(t, node))
		if err != nil {
			return nil, fmt.Errorf("laying out %q for syft: %w", node.Path, err)
		}
		s.nodes[ref.ID()], s.refs[node] = node, *ref
	}
	s.search = filetree.NewSearchContext(s.tree, s.index)
	return s, nil
}

// metadata describes a node as stereoscope does. A hard link is a second name of a file, so it is described as that
// file: its tar header has no size and no content.
func metadata(t *files.Tree, node *inspect.Node) stereoscope.Metadata {
	kind, size, mime := fileType(node.Type), node.Size, node.MIME
	link := node.Link
	if node.Type == inspect.EntryHardlink {
		if target := linked(t, node); target != nil {
			kind, size, mime, link = fileType(target.Type), target.Size, target.MIME, target.Link
		}
	}
	return stereoscope.Metadata{
		FileInfo: stereoscope.ManualInfo{
			NameValue:    path.Base(node.Path),
			SizeValue:    size,
			ModeValue:    fileMode(node.Mode, kind),
			ModTimeValue: time.Unix(node.ModTime, 0).UTC(),
		},
		Path:            node.Path,
		LinkDestination: link,
		UserID:          node.UID,
		GroupID:         node.GID,
		Type:            kind,
		MIMEType:        mime,
	}
}

// linked finds the entry that holds the content of a hard link. The entry may describe itself; else it is the member
// that the link names, as long as no later layer has replaced it.
func linked(t *files.Tree, node *inspect.Node) *inspect.Node {
	if node.SHA256 != "" {
		self := *node
		self.Type, self.Link = inspect.EntryFile, ""
		return &self
	}
	target := t.Get(path.Clean("/" + node.Link))
	if target == nil || target.Layer != node.Layer || target.Type == inspect.EntryDir || target.Type == inspect.EntryHardlink {
		return nil
	}
	return target
}

func fileType(t inspect.EntryType) stereoscope.Type {
	switch t {
	case inspect.EntryFile:
		return stereoscope.TypeRegular
	case inspect.EntryDir:
		return stereoscope.TypeDirectory
	case inspect.EntrySymlink:
		return stereoscope.TypeSymLink
	case inspect.EntryHardlink:
		return stereoscope.TypeHardLink
	case inspect.EntryChar:
		return stereoscope.TypeCharacterDevice
	case inspect.EntryBlock:
		return stereoscope.TypeBlockDevice
	case inspect.EntryFIFO:
		return stereoscope.TypeFIFO
	default: // whiteouts are not in a merged tree
		return stereoscope.TypeIrregular
	}
}

// fileMode turns the mode bits of a tar header into those of package fs.
func fileMode(bits uint32, t stereoscope.Type) fs.FileMode {
	mode := fs.FileMode(bits) & fs.ModePerm
	for bit, flag := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if bits&bit != 0 {
			mode |= flag
		}
	}
	switch t {
	case stereoscope.TypeDirectory:
		mode |= fs.ModeDir
	case stereoscope.TypeSymLink:
		mode |= fs.ModeSymlink
	case stereoscope.TypeCharacterDevice:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case stereoscope.TypeBlockDevice:
		mode |= fs.ModeDevice
	case stereoscope.TypeFIFO:
		mode |= fs.ModeNamedPipe
	default: // plain files have no bit of their own
	}
	return mode
}
