package sbom

import (
	"io/fs"
	"path"
	"time"

	stereoscope "github.com/anchore/stereoscope/pkg/file"

	"github.com/backtrail/backtrail/inspect"
)

// metadata describes a node as stereoscope does.
func metadata(n *inspect.Node) stereoscope.Metadata {
	kind, link := fileType(n.Type), n.Link
	if isFile(n) && n.Type == inspect.EntryHardlink {
		kind, link = stereoscope.TypeRegular, "" // a second name of a file, whose content it shares
	}
	return stereoscope.Metadata{
		FileInfo: stereoscope.ManualInfo{
			NameValue:    path.Base(n.Path),
			SizeValue:    n.Size,
			ModeValue:    fileMode(n.Mode, kind),
			ModTimeValue: time.Unix(n.ModTime, 0).UTC(),
		},
		Path:            n.Path,
		LinkDestination: link,
		UserID:          n.UID,
		GroupID:         n.GID,
		Type:            kind,
		MIMEType:        n.MIME,
	}
}

// isFile reports whether a node is no directory and no link to anything else. Devices count as files without content.
func isFile(n *inspect.Node) bool {
	switch n.Type {
	case inspect.EntryDir, inspect.EntrySymlink:
		return false
	case inspect.EntryHardlink:
		return n.SHA256 != "" // else what it links to is not there
	default:
		return true
	}
}

// fileType is the type of an entry as syft names it.
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
