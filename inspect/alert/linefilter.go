package alert

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"
)

// lineFilter passes on the lines that were written after a time. A log is asked for again by the
// second, and a line must not count twice. Lines that do not begin with a time are passed on.
type lineFilter struct {
	r     *bufio.Reader
	after time.Time
	// of the last line passed on
	last time.Time
	// bytes read
	size int64

	// of the piece that was read last
	rest []byte
	// a line that is longer than the piece
	inside bool
	// the rest of that line
	drop bool
}

// newLineFilter returns a filter of r with a buffer of size bytes; a zero time passes all lines.
func newLineFilter(r io.Reader, after time.Time, size int) *lineFilter {
	return &lineFilter{r: bufio.NewReaderSize(r, size), after: after, last: after}
}

// Read returns the lines that pass.
func (f *lineFilter) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		piece, err := f.r.ReadSlice('\n')
		f.size += int64(len(piece))
		if !f.inside {
			f.drop = f.seen(piece)
		}
		f.inside = errors.Is(err, bufio.ErrBufferFull)
		if !f.drop {
			f.rest = piece
		}
		if err != nil && !f.inside {
			n := copy(p, f.rest)
			f.rest = f.rest[n:]
			if len(f.rest) > 0 {
				return n, nil
			}
			return n, err
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// seen reports a line that was passed on before.
func (f *lineFilter) seen(line []byte) bool {
	stamp, _, _ := bytes.Cut(line, []byte(" "))
	if len(stamp) > len(time.RFC3339Nano) {
		return false
	}
	t, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return false
	}
	if !f.after.IsZero() && !t.After(f.after) {
		return true
	}
	f.last = t
	return false
}
