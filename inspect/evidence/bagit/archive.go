package bagit

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// part is where a file lies in the unpacked archive.
type part struct{ offset, size int64 }

// openArchive unpacks a .tar.gz or .tar.zst into one temporary file and lists it. No name in it becomes a name on the
// disk.
// Unpacking first costs disk and no memory, and gives access to any file: nothing in a bag has to be in some order.
func openArchive(ctx context.Context, file, temp string) (*Files, error) {
	spool, size, err := unpack(ctx, file, temp)
	if err != nil {
		return nil, err
	}
	f, err := listArchive(ctx, spool, size)
	if err != nil {
		_ = spool.Close()
		return nil, err
	}
	f.Close = func() error {
		err := spool.Close()
		_ = os.Remove(spool.Name())
		return err
	}
	return f, nil
}

// unpack writes the tar of a compressed one to a temporary file, within bounds.
// A file that is not compressed is copied as it is: what it lacks shows when its members are listed.
func unpack(ctx context.Context, file, temp string) (*os.File, int64, error) {
	packed, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer packed.Close()
	info, err := packed.Stat()
	if err != nil {
		return nil, 0, err
	}
	zr, err := Decompress(WithContext(ctx, packed))
	if err != nil {
		return nil, 0, fmt.Errorf("unpacking it: %w", err)
	}
	spool, err := TempFile(temp)
	if err != nil {
		return nil, 0, err
	}
	limit := min(int64(MaxBytes), max(int64(RatioFloor), info.Size()*MaxRatio))
	size, err := io.Copy(spool, io.LimitReader(zr, limit+1))
	if err == nil && size > limit {
		err = fmt.Errorf("it unpacks to more than %d bytes", limit)
	}
	if err != nil {
		_ = spool.Close()
		return nil, 0, Explain("unpacking it", err)
	}
	return spool, size, nil
}

// listArchive lists the members of a tar. A damaged tar is a defect: what stands before the damage is listed.
func listArchive(ctx context.Context, tarFile io.ReaderAt, size int64) (*Files, error) {
	section := io.NewSectionReader(tarFile, 0, size)
	parts := map[string]part{}
	f := &Files{sizes: map[string]int64{}, Close: func() error { return nil }}
	// add has listed the name, so that parts has it.
	f.open = func(name string) (inspect.Content, error) {
		p := parts[name]
		return PartContent{io.NewSectionReader(tarFile, p.offset, p.size)}, nil
	}
	tr := tar.NewReader(section)
	top := ""
	for count := 0; ; count++ {
		if count > MaxFiles {
			return nil, fmt.Errorf("more than %d members", MaxFiles)
		}
		h, err := tr.Next()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			f.defect("", "the archive is damaged: %v", err)
			return f, nil
		}
		// After Next the reader stands where the member's bytes begin.
		offset, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		name, ok := f.member(h, &top)
		// archive/tar reads no further than the header here, so a size that the file does not have is found only so.
		if ok && offset+h.Size > size {
			f.defect(name, "it is cut off")
		} else if ok && f.add(name, h.Size) {
			parts[name] = part{offset, h.Size}
		}
	}
	if at, err := section.Seek(0, io.SeekCurrent); err == nil && !onlyZeros(tarFile, at, size) {
		f.defect("", "there are bytes after the end of the archive")
	}
	return f, nil
}

// member returns the name of a regular member below the one directory of the archive (RFC 8493, 4.2), and false
// for directories and for what has no place in a bundle.
// top is the name of that directory, taken from the first member. It becomes no part of any path.
func (f *Files) member(h *tar.Header, top *string) (string, bool) {
	name := strings.TrimPrefix(h.Name, "./")
	switch h.Typeflag {
	case tar.TypeReg:
	case tar.TypeDir, tar.TypeXGlobalHeader:
		return "", false
	default:
		f.defect(h.Name, "it is no regular file; a bundle has neither links nor special files")
		return "", false
	}
	for key := range h.PAXRecords {
		// The bytes in the archive would be a map of holes and not the content, and programs differ in the forms they
		// know.
		if strings.HasPrefix(key, "GNU.sparse.") {
			f.defect(h.Name, "it is a sparse file, which no bundle has")
			return "", false
		}
	}
	if bad := BadPath(name); bad != "" {
		f.defect(h.Name, "its path %s", bad)
		return "", false
	}
	first, rest, below := strings.Cut(name, "/")
	if *top == "" {
		*top = first
	}
	if !below || first != *top {
		f.defect(h.Name, "it lies beside the one directory that an archive has")
		return "", false
	}
	return rest, true
}

// onlyZeros reports whether nothing but the padding of a tar stands between two offsets. Bytes behind the end marker
// would be invisible to one program and a second archive to another (GNU tar --ignore-zeros).
func onlyZeros(r io.ReaderAt, from, to int64) bool {
	section := io.NewSectionReader(r, from, to-from)
	buffer := make([]byte, 32<<10)
	for {
		n, err := section.Read(buffer)
		if len(bytes.Trim(buffer[:n], "\x00")) > 0 {
			return false
		}
		if err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}
