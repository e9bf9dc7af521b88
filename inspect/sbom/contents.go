package sbom

import (
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// contents gives a file's content the methods that syft's cataloguers look for: Read, ReadAt, Seek and Close.
type contents struct {
	*io.SectionReader
	closer io.Closer
}

// newContents gives the content c; closer is what is closed with it.
func newContents(c inspect.Content, closer io.Closer) contents {
	return contents{SectionReader: io.NewSectionReader(c, 0, c.Size()), closer: closer}
}

// Close lets go of the file.
func (c contents) Close() error { return c.closer.Close() }

// nothing is the content of what has none.
type nothing struct{}

// ReadAt is at the end.
func (nothing) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// Size is 0.
func (nothing) Size() int64 { return 0 }

// Close does nothing.
func (nothing) Close() error { return nil }
