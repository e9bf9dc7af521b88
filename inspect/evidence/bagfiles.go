package evidence

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

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

// openFiles lists the files of a bundle: a directory, or an archive that is unpacked into a temporary file below temp
// ("" for the system's).
func openFiles(ctx context.Context, path, temp string) (*bagFiles, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return openDirectory(ctx, path)
	case info.Mode().IsRegular():
		return openArchive(ctx, path, temp)
	default:
		return nil, errors.New("neither a directory nor a file")
	}
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

// has reports whether there is a file of that name.
func (f *bagFiles) has(name string) bool {
	_, there := f.sizes[name]
	return there
}

// size is that of a file in bytes, and whether there is one.
func (f *bagFiles) size(name string) (int64, bool) {
	size, there := f.sizes[name]
	return size, there
}

// names are those of all files, sorted.
func (f *bagFiles) names() []string { return slices.Sorted(maps.Keys(f.sizes)) }

// sum reads a file and computes its digests.
func (f *bagFiles) sum(ctx context.Context, name string) (fileSum, error) {
	r, err := f.stream(name)
	if err != nil {
		return fileSum{}, err
	}
	defer r.Close()
	h256, h512 := sha256.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(h256, h512), contextReader{ctx, r})
	return fileSum{name, n, hex.EncodeToString(h256.Sum(nil)), hex.EncodeToString(h512.Sum(nil))}, err
}

// get opens a file that is there.
func (f *bagFiles) get(name string) (inspect.Content, error) {
	if !f.has(name) {
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
