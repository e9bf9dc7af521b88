package layer

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
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
	names   int   // bytes of names so far, see MaxNames
	room    int64 // bytes that sparse files may still claim, see MaxSparse
	entries []inspect.Entry
	toc     bool   // the last member is eStargz's table of contents
	refused string // why containerd does not unpack the layer with any snapshotter
	notes   remarks
}

// tarListing is what a tar lists.
type tarListing struct {
	entries []inspect.Entry
	notes   []string // what is odd about it and does not keep it from being read
	refused string   // why containerd does not unpack it with any snapshotter, "" where it does
}

// scanTar reads a tar to its end, and what follows the end, and lists its members. With an error it gives those before.
// Errors: *registry.LimitError, or what is malformed.
func scanTar(ctx context.Context, r io.Reader) (tarListing, error) {
	return scanWithin(ctx, r, MaxSparse)
}

// scanWithin is scanTar with its own bound on the bytes of sparse files. Tests and fuzzing use a smaller one.
func scanWithin(ctx context.Context, r io.Reader, maxSparse int64) (tarListing, error) {
	src := &counter{r: r}
	s := &scan{
		src: src, tar: tar.NewReader(src), hash: sha256.New(), room: maxSparse,
		head: make([]byte, headSize), buf: make([]byte, 128<<10),
	}
	err := s.all(ctx)
	return tarListing{withoutTOC(s.entries, s.toc), s.notes.list, s.refused}, err
}

// all reads members until the end, and then what follows it. start is the place of the member's first header block,
// extended headers included, at which a sparse file can be read again.
func (s *scan) all(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := (s.src.n + blockSize - 1) / blockSize * blockSize
		h, err := s.tar.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading the tar at byte %d: %w", start, err)
		}
		if err := s.member(h, start); err != nil {
			return fmt.Errorf("reading member %d of the tar: %w", len(s.entries)+1, err)
		}
	}
	// The diff ID covers what follows the end of the tar too, so it has to pass by.
	if _, err := io.CopyBuffer(io.Discard, s.src, s.buf); err != nil {
		return fmt.Errorf("reading what follows the tar: %w", err)
	}
	return nil
}

// member takes in one member, whose first header block is at start. The name is cleaned before anything else: all later
// code sees absolute paths without "..". The bits above 0o7777 of a mode, which some writers set to the type of the
// file, are dropped.
func (s *scan) member(h *tar.Header, start int64) error {
	s.toc = false
	if len(s.entries) >= MaxEntries {
		return &registry.LimitError{What: "number of files in a layer", Limit: MaxEntries}
	}
	p := cleanPath(h.Name)
	if s.names += len(p) + len(h.Linkname); s.names > MaxNames {
		return &registry.LimitError{What: "length of all names in a layer", Limit: MaxNames}
	}
	if len(p) >= registry.MaxPath || len(h.Linkname) >= registry.MaxPath {
		s.refuse("a name of %d bytes is longer than any path and is left out", max(len(p), len(h.Linkname)))
		return nil
	}
	e := inspect.Entry{
		Path: p, Mode: uint32(h.Mode) & 0o7777, UID: h.Uid, GID: h.Gid, ModTime: h.ModTime.Unix(),
		Xattrs: s.xattrs(h),
	}
	if leaves(h.Name) {
		s.notes.add("the name %q leads out of the image; it is taken as %s", h.Name, e.Path)
	}
	if known, err := s.ofType(&e, h, start); err != nil || !known {
		return err
	}
	s.keep(e)
	return nil
}

// ofType takes in what belongs to the type of a member. It reports false for types that are left out. Types that the
// tar format reserves are an error for containerd; here they are noted and passed over, so that the rest of the layer
// is still looked at. A link's own mode means nothing.
func (s *scan) ofType(e *inspect.Entry, h *tar.Header, start int64) (bool, error) {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		e.Type = inspect.EntryGlobal
	case tar.TypeDir:
		e.Type = inspect.EntryDir
	case tar.TypeSymlink:
		e.Type, e.Link = inspect.EntrySymlink, h.Linkname
		if climbs(path.Dir(e.Path), h.Linkname) {
			s.notes.add("the link %q leads out of the image, to %q; it ends at its root", e.Path, h.Linkname)
		}
	case tar.TypeChar, tar.TypeBlock:
		s.device(e, h)
	case tar.TypeFifo:
		e.Type = inspect.EntryFIFO
	case tar.TypeLink:
		e.Type, e.Link = inspect.EntryHardlink, h.Linkname
		if leaves(h.Linkname) {
			s.notes.add("the hard link %q leads out of the image", e.Path)
		}
	case tar.TypeReg, tar.TypeRegA, tar.TypeCont, tar.TypeGNUSparse: //nolint:staticcheck // old tars have TypeRegA
		if h.Typeflag == tar.TypeCont || h.Typeflag == tar.TypeGNUSparse {
			s.refuse("%q is a file of type %q", h.Name, h.Typeflag)
		}
		if err := s.content(e, h, start); err != nil {
			return false, fmt.Errorf("%q: %w", h.Name, err)
		}
	default:
		s.refuse("%q is of the unknown type %q and is left out", h.Name, h.Typeflag)
		return false, nil
	}
	return true, nil
}

// device takes in the number of a device node. The type of an entry for a block device is its own, so that 0:0 as a
// block device is no whiteout.
func (s *scan) device(e *inspect.Entry, h *tar.Header) {
	e.Type = inspect.EntryChar
	if h.Typeflag == tar.TypeBlock {
		e.Type = inspect.EntryBlock
	}
	e.Device = fmt.Sprintf("%d:%d", h.Devmajor, h.Devminor)
	if major, minor := h.Devmajor, h.Devminor; major < 0 || major > math.MaxUint32 || minor < 0 ||
		minor > math.MaxUint32 {
		s.refuse("%q is a device with the number %s, which Linux does not have", h.Name, e.Device)
	}
}

// refuse notes what containerd refuses a layer for, whatever its snapshotter.
func (s *scan) refuse(format string, args ...any) {
	s.refused = cmp.Or(s.refused, fmt.Sprintf(format, args...))
	s.notes.add(format, args...)
}

// keep adds an entry, or what it stands for if it is a whiteout. The type of a member with such a name does not matter,
// to containerd neither: a directory .wh.x hides x.
func (s *scan) keep(e inspect.Entry) {
	dir, base := path.Split(e.Path)
	if name, ok := strings.CutPrefix(base, whiteoutPrefix); ok {
		switch {
		case base == opaqueMarker:
			e = inspect.Entry{Path: path.Clean(dir), Type: inspect.EntryOpaque}
		case name == "" || name == "." || name == "..":
			s.refuse("the whiteout %q names no file and is left out", e.Path)
			return
		default:
			e = inspect.Entry{Path: dir + name, Type: inspect.EntryWhiteout, UID: e.UID, GID: e.GID}
		}
	} else if e.Path == "/" && e.Type != inspect.EntryDir {
		s.notes.add("the root directory is also given as a %s, which is left out", e.Type)
		return
	}
	s.entries = append(s.entries, e)
}

// Whiteouts, of https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts. Other names with two
// prefixes are aufs's own bookkeeping; containerd takes them for whiteouts of names with one.
const (
	whiteoutPrefix = ".wh."
	opaqueMarker   = ".wh..wh..opq"
)

// content reads a regular file: its digest, and what it is by its first bytes. Every byte is hashed, and read exactly
// once: a header that claims another size than the tar holds is malformed.
func (s *scan) content(e *inspect.Entry, h *tar.Header, start int64) error {
	e.Type, e.Size, e.Offset = inspect.EntryFile, h.Size, s.src.n
	if isSparse(h) {
		e.Offset = -1 - start
		if s.room -= h.Size; s.room < 0 {
			return &registry.LimitError{What: "bytes of sparse files in a layer", Limit: MaxSparse}
		}
	}
	n, err := io.ReadFull(s.tar, s.head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) || int64(n) != min(h.Size,
		headSize) {
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

// orUnexpected makes an end that comes too early an error: io.EOF alone would read as the end of the tar.
func orUnexpected(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isSparse reports whether a file's content has holes, so that it does not lie in the tar as it is.
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

// leaves reports whether a name goes up at some point. Such names are taken inside the root, and noted. A name like ..x
// goes nowhere.
func leaves(name string) bool {
	return strings.Contains(name, "..") && strings.Contains("/"+name+"/", "/../")
}

// climbs reports whether a link in a directory goes up further than the root is. dir is where the link is, clean. Only
// the letters are looked at: where the names lead through other links is settled when layers are merged.
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

// Read counts what was read, also where it comes with an error.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// remarks are notes about a layer, the first MaxNotes of them.
type remarks struct {
	list []string
}

// add formats foreign names with %q, so that no control character of a name reaches a terminal; those past MaxNotes are
// dropped.
func (r *remarks) add(format string, args ...any) {
	if len(r.list) < MaxNotes {
		r.list = append(r.list, fmt.Sprintf(format, args...))
	}
}
