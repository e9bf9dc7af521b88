package bagit

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
	"github.com/backtrail/backtrail/inspect/text"
)

// Defect is something that is wrong with a bag, and with which of its files. Both strings may be shown: they are clean.
type Defect struct {
	Subject string // name of the file; empty: the bag as a whole
	Detail  string
}

// Files are the files of a bag by their names below its root, from a directory or an archive. Links and special files
// are never followed: they are listed as defects. Close it.
// The names are those of listed regular files, all of them plain paths (BadPath). Reading is safe for several
// goroutines; the defects are complete once Open returns.
type Files struct {
	Defects []Defect // at most maxDefects
	Close   func() error
	sizes   map[string]int64
	open    func(name string) (inspect.Content, error)
}

// Open lists the files of a bag: a directory, or an archive that is unpacked into a temporary file below temp ("" for
// the system's). An error means that it could not be listed; what is wrong with single files is among Defects.
func Open(ctx context.Context, path, temp string) (*Files, error) {
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

func (f *Files) defect(subject, format string, args ...any) {
	if len(f.Defects) < maxDefects {
		f.Defects = append(f.Defects, Defect{text.Clean(subject), fmt.Sprintf(format, args...)})
	}
}

// add lists a regular file. It returns false, and records the defect, where the file cannot be one of a bag.
func (f *Files) add(name string, size int64) bool {
	if bad := BadPath(name); bad != "" {
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

// Has reports whether there is a file of that name.
func (f *Files) Has(name string) bool {
	_, there := f.sizes[name]
	return there
}

// Size is that of a file in bytes. It returns false where there is none of that name.
func (f *Files) Size(name string) (int64, bool) {
	size, there := f.sizes[name]
	return size, there
}

// Names are those of all files, sorted.
func (f *Files) Names() []string { return slices.Sorted(maps.Keys(f.sizes)) }

// Sum reads a file and computes its digests.
func (f *Files) Sum(ctx context.Context, name string) (FileSum, error) {
	r, err := f.Stream(name)
	if err != nil {
		return FileSum{}, err
	}
	// One reading gives both digests; a bag may be as large as its disk.
	defer r.Close()
	h256, h512 := sha256.New(), sha512.New()
	n, err := io.Copy(io.MultiWriter(h256, h512), WithContext(ctx, r))
	return FileSum{name, n, hex.EncodeToString(h256.Sum(nil)), hex.EncodeToString(h512.Sum(nil))}, err
}

// Get opens a file. The error wraps inspect.ErrNotKept where there is none of that name.
func (f *Files) Get(name string) (inspect.Content, error) {
	if !f.Has(name) {
		return nil, fmt.Errorf("%s: %w", name, inspect.ErrNotKept)
	}
	return f.open(name)
}

// Read reads a whole file of at most limit bytes. A larger one is an error.
// The error wraps inspect.ErrNotKept where there is none of that name.
func (f *Files) Read(name string, limit int64) ([]byte, error) {
	c, err := f.Get(name)
	if err != nil {
		return nil, fmt.Errorf("reading %w", err)
	}
	defer c.Close()
	return ReadBounded(io.NewSectionReader(c, 0, c.Size()), limit, name)
}

// Stream opens a file for reading from its beginning.
func (f *Files) Stream(name string) (io.ReadCloser, error) {
	c, err := f.Get(name)
	if err != nil {
		return nil, err
	}
	return ReadCloser{io.NewSectionReader(c, 0, c.Size()), c}, nil
}

// Below lists the names that begin with a prefix, sorted and without the prefix.
func (f *Files) Below(prefix string) []string {
	var names []string
	for name := range f.sizes {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return names
}
