package evidence

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/backtrail/backtrail/inspect"
)

// defect is something that is wrong with a bundle, and with which of its files.
type defect struct {
	subject string
	detail  string
}

// bagFiles are the files of a bundle by their names below its root, from a directory or an archive. Links and special
// files are never followed: they stand among the defects.
type bagFiles struct {
	sizes   map[string]int64
	defects []defect
	open    func(name string) (inspect.Content, error)
	close   func() error
}

func (f *bagFiles) defect(subject, format string, args ...any) {
	if len(f.defects) < maxDefects {
		f.defects = append(f.defects, defect{inspect.Clean(subject), fmt.Sprintf(format, args...)})
	}
}

// add takes a regular file into the list, or says why it cannot be one of a bundle's.
func (f *bagFiles) add(name string, size int64) bool {
	if bad := badPath(name); bad != "" {
		f.defect(name, "its path %s", bad)
		return false
	}
	if _, twice := f.sizes[name]; twice {
		f.defect(name, "it is there twice")
		return false
	}
	f.sizes[name] = size
	return true
}

// get opens a file that is there.
func (f *bagFiles) get(name string) (inspect.Content, error) {
	if _, ok := f.sizes[name]; !ok {
		return nil, fmt.Errorf("%s: %w", name, inspect.ErrNotKept)
	}
	return f.open(name)
}

// read reads a whole file of at most limit bytes.
func (f *bagFiles) read(name string, limit int64) ([]byte, error) {
	c, err := f.get(name)
	if err != nil {
		return nil, fmt.Errorf("reading %w", err)
	}
	defer c.Close()
	return readBounded(io.NewSectionReader(c, 0, c.Size()), limit, name)
}

// stream opens a file for reading from its beginning.
func (f *bagFiles) stream(name string) (io.ReadCloser, error) {
	c, err := f.get(name)
	if err != nil {
		return nil, err
	}
	return sectionCloser{io.NewSectionReader(c, 0, c.Size()), c}, nil
}

// below lists the names that begin with a prefix, without it.
func (f *bagFiles) below(prefix string) []string {
	var names []string
	for name := range f.sizes {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			names = append(names, rest)
		}
	}
	return names
}

// fileContent is an open file as inspect.Content.
type fileContent struct {
	*os.File
	size int64
}

func (c fileContent) Size() int64 { return c.size }

// partContent is a part of an open file that somebody else closes.
type partContent struct{ *io.SectionReader }

func (partContent) Close() error { return nil }

// openDirectory lists a directory bundle.
func openDirectory(ctx context.Context, dir string) (*bagFiles, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &bagFiles{sizes: map[string]int64{}, close: root.Close}
	f.open = func(name string) (inspect.Content, error) { return openRegular(root, name) }
	count := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if count++; count > MaxBagFiles {
			return fmt.Errorf("more than %d files", MaxBagFiles)
		}
		f.walk(name, d, err)
		return nil
	})
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return f, nil
}

func (f *bagFiles) walk(name string, d fs.DirEntry, err error) {
	switch {
	case err != nil:
		f.defect(name, "it cannot be read: %v", err)
	case d.IsDir():
	case !d.Type().IsRegular():
		f.defect(name, "it is no regular file (%s); a bundle has neither links nor special files", kindOf(d.Type()))
	default:
		info, err := d.Info()
		if err != nil {
			f.defect(name, "it cannot be read: %v", err)
			return
		}
		f.add(name, info.Size())
	}
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

// openRegular looks before it opens: opening a pipe would wait for its writer.
func openRegular(root *os.Root, name string) (inspect.Content, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening %s: not a regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	return fileContent{f, info.Size()}, nil
}

// part is where a file lies in the unpacked archive.
type part struct{ offset, size int64 }

// openArchive unpacks a .tar.gz into one temporary file and lists it. No name in it becomes a name on the disk.
func openArchive(ctx context.Context, file, temp string) (*bagFiles, error) {
	spool, size, err := unpack(ctx, file, temp)
	if err != nil {
		return nil, err
	}
	f, err := listArchive(ctx, spool, size)
	if err != nil {
		_ = spool.Close()
		return nil, err
	}
	f.close = func() error {
		err := spool.Close()
		_ = os.Remove(spool.Name())
		return err
	}
	return f, nil
}

// unpack writes the tar of a .tar.gz to a temporary file, within bounds.
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
	zr, err := gzip.NewReader(contextReader{ctx, packed})
	if err != nil {
		return nil, 0, fmt.Errorf("unpacking it: %w", err)
	}
	defer zr.Close()
	spool, err := tempFile(temp)
	if err != nil {
		return nil, 0, err
	}
	limit := min(int64(MaxBagBytes), max(int64(RatioFloor), info.Size()*MaxRatio))
	size, err := io.Copy(spool, io.LimitReader(zr, limit+1))
	if err == nil && size > limit {
		err = fmt.Errorf("it unpacks to more than %d bytes", limit)
	}
	if err != nil {
		_ = spool.Close()
		return nil, 0, inWords("unpacking it", err)
	}
	return spool, size, nil
}

// listArchive lists the members of a tar. A damaged tar is a defect: what stands before the damage is listed.
func listArchive(ctx context.Context, tarFile io.ReaderAt, size int64) (*bagFiles, error) {
	section := io.NewSectionReader(tarFile, 0, size)
	parts := map[string]part{}
	f := &bagFiles{sizes: map[string]int64{}, close: func() error { return nil }}
	f.open = func(name string) (inspect.Content, error) {
		p := parts[name]
		return partContent{io.NewSectionReader(tarFile, p.offset, p.size)}, nil
	}
	tr := tar.NewReader(section)
	top := ""
	for count := 0; ; count++ {
		if count > MaxBagFiles {
			return nil, fmt.Errorf("more than %d members", MaxBagFiles)
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

// member gives the name of a regular member below the one directory that the archive holds (RFC 8493, 4.2), and false
// for directories and for what has no place in a bundle.
func (f *bagFiles) member(h *tar.Header, top *string) (string, bool) {
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
		if strings.HasPrefix(key, "GNU.sparse.") {
			f.defect(h.Name, "it is a sparse file, which no bundle has")
			return "", false
		}
	}
	if bad := badPath(name); bad != "" {
		f.defect(h.Name, "its path %s", bad)
		return "", false
	}
	first, rest, below := strings.Cut(name, "/")
	if *top == "" {
		*top = first
	}
	if !below || first != *top {
		f.defect(h.Name, "it lies beside the one directory that an archive holds")
		return "", false
	}
	return rest, true
}

// onlyZeros says that nothing but the padding of a tar stands between two offsets.
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

// lookMembers and lookBytes bound the look at the beginning of an archive.
const (
	lookMembers = 64
	lookBytes   = 8 << 20
)

// IsBag says, from a look at its beginning, whether path is a bundle.
func IsBag(file string) bool {
	info, err := os.Stat(file)
	if err != nil {
		return false
	}
	if info.IsDir() {
		declared, err := os.Lstat(path.Join(file, bagitFile))
		return err == nil && declared.Mode().IsRegular()
	}
	if !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return false
	}
	defer zr.Close()
	tr := tar.NewReader(io.LimitReader(zr, lookBytes))
	for range lookMembers {
		h, err := tr.Next()
		if err != nil {
			return false
		}
		_, rest, _ := strings.Cut(strings.TrimPrefix(h.Name, "./"), "/")
		switch rest {
		case bagitFile, infoFile, manifest256, tagManifest256, "data/case.json", "data/events.jsonl":
			return true
		}
	}
	return false
}
