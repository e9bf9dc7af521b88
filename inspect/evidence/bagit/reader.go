package bagit

import (
	"context"
	"fmt"
	"io"
	"os"
)

// TempFile opens a file below dir ("" for the system's folder) and removes its name at once where the system allows
// that, so that it cannot outlive the process. Where it does not (Windows), remove it after closing.
func TempFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "backtrail-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	_ = os.Remove(f.Name())
	return f, nil
}

// ReadBounded reads all of r. More than limit bytes are an error, which names what was read.
// One byte above the limit is read, which distinguishes a text at the limit from one above it.
func ReadBounded(r io.Reader, limit int64, what string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("reading %s: more than %d bytes", what, limit)
	}
	return b, nil
}

// WithContext returns a reader that fails once ctx has ended.
func WithContext(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

// contextReader fails with the error of its context once that has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read reads from the underlying reader.
func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// ReadCloser is a reader whose bytes another value closes.
type ReadCloser struct {
	io.Reader
	io.Closer
}

// fileContent is an open file as inspect.Content.
type fileContent struct {
	*os.File
	size int64
}

func (c fileContent) Size() int64 { return c.size }

// PartContent is a part of an open file that is closed by whoever opened it.
type PartContent struct{ *io.SectionReader }

// Close does nothing.
func (PartContent) Close() error { return nil }
