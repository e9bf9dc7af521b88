package registry

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// files is what a layout or a docker-save form lies in: a directory or a tar.
type files interface {
	// open opens a regular file by its path below the root, with "/" between. Errors: ErrNotFound.
	open(name string) (io.ReadCloser, int64, error)
	Close() error
}

// dirFiles is a directory. Links that lead out of it count as not found: a layout from a stranger must not make us
// read, and keep as evidence, files of this machine.
type dirFiles struct {
	root *os.Root
}

func (d dirFiles) Close() error { return d.root.Close() }

func (d dirFiles) open(name string) (io.ReadCloser, int64, error) {
	// Stat first, since opening a named pipe waits for its writer.
	// os.Root resolves every step below the directory: neither ".." nor a link that was swapped in meanwhile leads out.
	info, err := d.root.Stat(name)
	if err != nil {
		return nil, 0, notFound(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("opening %s: not a regular file: %w", name, ErrNotFound)
	}
	f, err := d.root.Open(name)
	if err != nil {
		return nil, 0, notFound(name, err)
	}
	return f, info.Size(), nil
}

// notFound gives a failed open its meaning: whatever it is, there is no such file for us, except that a missing
// permission is a fault of this machine, which a person can mend.
func notFound(name string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("opening %s: %w", name, err)
	}
	return fmt.Errorf("opening %s: %w (%w)", name, ErrNotFound, err)
}

// member is a regular file of a tar by where its bytes lie, or a link to another.
type member struct {
	offset, size int64
	link         string // clean path of the target; empty for a file
}

// tarFiles is a tar that is read in place.
type tarFiles struct {
	file interface {
		io.ReaderAt
		io.Closer
	}
	members map[string]member
}

func (t *tarFiles) Close() error { return t.file.Close() }

func (t *tarFiles) open(name string) (io.ReadCloser, int64, error) {
	// links between members only; clean keeps them inside of the archive
	for range MaxLinkDepth {
		m, ok := t.members[clean(name)]
		if !ok {
			return nil, 0, fmt.Errorf("opening %s in the archive: %w", name, ErrNotFound)
		}
		if m.link == "" {
			return io.NopCloser(io.NewSectionReader(t.file, m.offset, m.size)), m.size, nil
		}
		name = m.link
	}
	return nil, 0, fmt.Errorf("opening %s in the archive: too many links: %w", name, ErrNotFound)
}

// clean makes the path of a member relative to the archive's root; ".." never leaves it.
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// indexTar lists a tar's members without reading their bytes. Of two with the same name the last counts, as if the
// archive were unpacked. Errors: *LimitError, or words for what is malformed.
func indexTar(file io.ReaderAt, size int64) (map[string]member, error) {
	section := io.NewSectionReader(file, 0, size)
	tr := tar.NewReader(section)
	members := map[string]member{}
	for count := 0; ; count++ {
		header, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return members, nil
		}
		if err != nil {
			// What was found before the damage is still of use: a blob that is cut off counts as missing.
			if len(members) > 0 {
				return members, nil
			}
			return nil, fmt.Errorf("reading tar: %w", err)
		}
		if count >= MaxArchiveMembers {
			return nil, &LimitError{What: "number of files in the archive", Limit: MaxArchiveMembers}
		}
		// After Next the reader stands where the member's bytes begin.
		// archive/tar reads whole blocks and no further than the header, so the position is exact
		offset, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, fmt.Errorf("reading tar: %w", err)
		}
		addMember(members, header, offset, size)
	}
}

// addMember notes one member; a type that is no file and no link holds nothing that is read.
func addMember(members map[string]member, h *tar.Header, offset, size int64) {
	name := clean(h.Name)
	switch h.Typeflag {
	case tar.TypeReg:
		if isSparse(h) {
			return
		}
		// An archive that was cut off declares more than it has; what is there is handed out, and fails its digest.
		members[name] = member{offset: offset, size: min(h.Size, size-offset)}
	case tar.TypeSymlink:
		// Older versions of docker save link layers that two images share.
		target := h.Linkname
		if !path.IsAbs(target) {
			target = path.Join(path.Dir("/"+name), target)
		}
		members[name] = member{link: clean(target)}
	case tar.TypeLink:
		members[name] = member{link: clean(h.Linkname)}
	}
}

// isSparse recognizes members whose bytes do not lie in one piece; no tool writes images so.
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}
