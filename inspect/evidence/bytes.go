package evidence

import (
	"context"
	"fmt"
	"io"
	"os"
)

// tempFile opens a file that loses its name at once where the system allows it, so that no crash leaves it behind.
func tempFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "backtrail-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	_ = os.Remove(f.Name())
	return f, nil
}

// readBounded reads all of r; more than limit bytes are an error.
func readBounded(r io.Reader, limit int64, what string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("reading %s: more than %d bytes", what, limit)
	}
	return b, nil
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// sectionCloser is a reader whose bytes another value closes.
type sectionCloser struct {
	io.Reader
	io.Closer
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
