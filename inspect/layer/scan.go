package layer

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// blockSize is the unit of the tar format.
const blockSize = 512

// scan is one pass over a layer's tar. It must be given every byte: offsets are counted.
type scan struct {
	src     *counter
	tar     *tar.Reader
	hash    hash.Hash
	head    []byte // the first bytes of a file, from which its kind is told
	buf     []byte
	last    map[string]int // what a path stood for last, once there is a hard link
	names   int            // bytes of names so far, see MaxNames
	room    int64          // bytes that sparse files may still claim, see MaxSparse
	entries []inspect.Entry
	toc     bool // the last member is eStargz's table of contents
	notes   remarks
}

// scanTar reads a tar to its end, and what follows the end, and lists its members. Remarks say what is odd about it
// and does not keep it from being read. Errors: *registry.LimitError, or what is malformed.
func scanTar(ctx context.Context, r io.Reader) ([]inspect.Entry, []string, error) {
	return scanWithin(ctx, r, MaxSparse)
}

// scanWithin is scanTar with its own bound on the bytes of sparse files.
func scanWithin(ctx context.Context, r io.Reader, maxSparse int64) ([]inspect.Entry, []string, error) {
	src := &counter{r: r}
	s := &scan{
		src: src, tar: tar.NewReader(src), hash: sha256.New(), room: maxSparse,
		head: make([]byte, headSize), buf: make([]byte, 128<<10),
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		start := (src.n + blockSize - 1) / blockSize * blockSize
		h, err := s.tar.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading the tar at byte %d: %w", start, err)
		}
		if err := s.member(h, start); err != nil {
			return nil, nil, fmt.Errorf("reading member %d of the tar: %w", len(s.entries)+1, err)
		}
	}
	// The diff ID covers what follows the end of the tar too, so it has to pass by.
	if _, err := io.CopyBuffer(io.Discard, src, s.buf); err != nil {
		return nil, nil, fmt.Errorf("reading what follows the tar: %w", err)
	}
	return withoutTOC(s.entries, s.toc), s.notes.list, nil
}

// member takes in one member, whose first header block is at start.
func (s *scan) member(h *tar.Header, start int64) error {
	s.toc = false
	if len(s.entries) >= MaxEntries {
		return &registry.LimitError{What: "number of files in a layer", Limit: MaxEntries}
	}
	if s.names += len(h.Name) + len(h.Linkname); s.names > MaxNames {
		return &registry.LimitError{What: "length of all names in a layer", Limit: MaxNames}
	}
	if len(h.Name) > registry.MaxPath {
		s.notes.add("a name of %d bytes is longer than any path and is left out", len(h.Name))
		return nil
	}
	e := inspect.Entry{
		Path: cleanPath(h.Name), Mode: uint32(h.Mode) & 0o7777, UID: h.Uid, GID: h.Gid,
		ModTime: h.ModTime.Unix(), Xattrs: s.xattrs(h),
	}
	if leaves(h.Name) {
		s.notes.add("the name %q leads out of the image; it is taken as %s", h.Name, e.Path)
	}
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeDir:
		e.Type = inspect.EntryDir
	case tar.TypeSymlink:
		e.Type, e.Link = inspect.EntrySymlink, h.Linkname
		if climbs(path.Dir(e.Path), h.Linkname) {
			s.notes.add("the link %q leads out of the image, to %q; it ends at its root", e.Path, h.Linkname)
		}
	case tar.TypeChar:
		e.Type = inspect.EntryChar
	case tar.TypeBlock:
		e.Type = inspect.EntryBlock
	case tar.TypeFifo:
		e.Type = inspect.EntryFIFO
	case tar.TypeLink:
		s.hardlink(&e, h.Linkname)
	case tar.TypeReg, tar.TypeRegA, tar.TypeCont, tar.TypeGNUSparse: //nolint:staticcheck // old tars have TypeRegA
		if err := s.content(&e, h, start); err != nil {
			return fmt.Errorf("%q: %w", h.Name, err)
		}
	default:
		s.notes.add("%q is of the unknown type %q and is left out", h.Name, h.Typeflag)
		return nil
	}
	s.keep(e)
	return nil
}

// keep adds an entry, or what it stands for if it is a whiteout.
func (s *scan) keep(e inspect.Entry) {
	dir, base := path.Split(e.Path)
	if name, ok := strings.CutPrefix(base, whiteoutPrefix); ok {
		switch {
		case base == opaqueMarker:
			e = inspect.Entry{Path: path.Clean(dir), Type: inspect.EntryOpaque}
		case strings.HasPrefix(base, metaPrefix):
			return
		case name == "" || name == "." || name == "..":
			s.notes.add("the whiteout %q names no file and is left out", e.Path)
			return
		default:
			e = inspect.Entry{Path: dir + name, Type: inspect.EntryWhiteout}
		}
		s.entries = append(s.entries, e)
		return
	}
	if e.Path == "/" && e.Type != inspect.EntryDir {
		s.notes.add("the root directory is also given as a %s, which is left out", e.Type)
		return
	}
	if s.last != nil {
		s.last[e.Path] = len(s.entries)
	}
	s.entries = append(s.entries, e)
}

// Whiteouts, of https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts. Other names with two
// prefixes are aufs's own bookkeeping.
const (
	whiteoutPrefix = ".wh."
	metaPrefix     = ".wh..wh."
	opaqueMarker   = ".wh..wh..opq"
)

// content reads a regular file: its digest, and what its first bytes say.
func (s *scan) content(e *inspect.Entry, h *tar.Header, start int64) error {
	e.Type, e.Size, e.Offset = inspect.EntryFile, h.Size, s.src.n
	if isSparse(h) {
		e.Offset = -1 - start
		if s.room -= h.Size; s.room < 0 {
			return &registry.LimitError{What: "bytes of sparse files in a layer", Limit: MaxSparse}
		}
	}
	n, err := io.ReadFull(s.tar, s.head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || int64(n) != min(h.Size, headSize) {
		return fmt.Errorf("reading its content: %w", orUnexpected(err))
	}
	s.hash.Reset()
	s.hash.Write(s.head[:n])
	rest, err := io.CopyBuffer(s.hash, s.tar, s.buf)
	if err != nil {
		return fmt.Errorf("reading its content: %w", err)
	}
	if int64(n)+rest != h.Size {
		return fmt.Errorf("reading its content: it has %d bytes, not %d", int64(n)+rest, h.Size)
	}
	e.SHA256 = hex.EncodeToString(s.hash.Sum(nil))
	e.MIME, e.Kind = mimeOf(s.head[:n]), kindOf(e.Path, s.head[:n])
	s.toc = e.Path == tocName && e.Mode&0o111 == 0 && isTOC(s.head[:n])
	return nil
}

func orUnexpected(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// hardlink makes an entry a further name of what the target is at this point of the tar. A link whose target is not
// in this layer keeps only its name: the tree looks for it in the layers below.
func (s *scan) hardlink(e *inspect.Entry, target string) {
	e.Type, e.Link = inspect.EntryHardlink, target
	if leaves(target) {
		s.notes.add("the hard link %q leads out of the image", e.Path)
	}
	if s.last == nil {
		s.last = make(map[string]int, len(s.entries))
		for i, e := range s.entries {
			if e.Type != inspect.EntryWhiteout && e.Type != inspect.EntryOpaque {
				s.last[e.Path] = i
			}
		}
	}
	if i, ok := s.last[cleanPath(target)]; ok {
		shareContent(e, s.entries[i])
	}
}

// shareContent gives a hard link the content of its target; a link to a symbolic link is a symbolic link.
func shareContent(e *inspect.Entry, to inspect.Entry) {
	switch to.Type {
	case inspect.EntryFile, inspect.EntryHardlink:
		e.Size, e.Offset, e.SHA256, e.MIME, e.Kind, e.Mode = to.Size, to.Offset, to.SHA256, to.MIME, to.Kind, to.Mode
		e.UID, e.GID, e.Xattrs = to.UID, to.GID, to.Xattrs
	case inspect.EntrySymlink:
		e.Type, e.Link = to.Type, to.Link
	default: // the others have no content to share
	}
}

// isSparse says that a file's content has holes, so that it does not lie in the tar as it is.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// cleanPath makes a member's name an absolute path that cannot leave the root.
func cleanPath(name string) string { return path.Clean("/" + name) }

// leaves says that a name goes up at some point. Such names are taken inside the root, and noted.
func leaves(name string) bool {
	return strings.Contains(name, "..") && strings.Contains("/"+name+"/", "/../")
}

// climbs says that a link in a directory goes up further than the root is.
func climbs(dir, link string) bool {
	if !strings.Contains(link, "..") {
		return false
	}
	depth := strings.Count(strings.Trim(dir, "/"), "/") + 1
	if dir == "/" || strings.HasPrefix(link, "/") {
		depth = 0
	}
	for name := range strings.SplitSeq(link, "/") {
		switch name {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}

// counter counts the bytes that are read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// remarks are notes about a layer, the first MaxNotes of them.
type remarks struct {
	list []string
}

func (r *remarks) add(format string, args ...any) {
	if len(r.list) < MaxNotes {
		r.list = append(r.list, fmt.Sprintf(format, args...))
	}
}
