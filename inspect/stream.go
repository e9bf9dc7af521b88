package inspect

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxEventLine bounds a line of a saved stream, in bytes. The largest event is a batch of packages.
const MaxEventLine = 16 << 20

// MaxEvents bounds the events that are read from a saved stream.
const MaxEvents = 5_000_000

// WriteEvent writes an event as one line of JSON.
func WriteEvent(w io.Writer, e Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding event %d: %w", e.Seq, err)
	}
	if _, err := w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("writing event %d: %w", e.Seq, err)
	}
	return nil
}

// Replay gives the source that reads a saved stream. A last line that was cut off by a crash is passed over and said
// in a notice; a broken line before it is an error.
func Replay(r io.Reader) Source {
	return func(ctx context.Context, emit func(Event)) error {
		lines := bufio.NewReaderSize(r, 64<<10)
		for n := 1; ; n++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if n > MaxEvents {
				return fmt.Errorf("reading the stream: more than %d events", MaxEvents)
			}
			line, err := ReadLine(lines, MaxEventLine)
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return nil
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("reading line %d of the stream: %w", n, err)
			}
			if len(line) == 0 {
				continue
			}
			var e Event
			if bad := json.Unmarshal(line, &e); bad != nil {
				if errors.Is(err, io.EOF) {
					emit(Event{Notice: &Notice{Level: "warning", Text: fmt.Sprintf("the last line of the stream (%d) is cut off and was passed over", n)}})
					return nil
				}
				return fmt.Errorf("decoding line %d of the stream: %w", n, bad)
			}
			emit(e)
		}
	}
}

// ReadLine reads up to and without the line break, and io.EOF with what stands after the last one. A line of more than
// limit bytes is an error.
func ReadLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > limit {
			return nil, fmt.Errorf("longer than %d bytes", limit)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return line, err
		default:
			return line[:len(line)-1], nil
		}
	}
}
