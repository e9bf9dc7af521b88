package evidence

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
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
		f.defects = append(f.defects, defect{text.Clean(subject), fmt.Sprintf(format, args...)})
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
