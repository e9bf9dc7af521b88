package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// Bounds on a saved record, which may come from a stranger.
const (
	// MaxLine bounds a line, in bytes. The largest fact of ours is a batch of packages; what an image makes longer is
	// cut before it is written.
	MaxLine = 16 << 20
	// MaxEvents bounds the entries: an image of a million files with a row for each has fewer.
	MaxEvents = 5_000_000
)

// errCut marks a last line without a break that is not JSON: a crash cut it off.
var errCut = errors.New("the last line is cut off")

// Replay gives the source that reads a saved record. A last line that a crash cut off is left out with a notice, and so
// is a chain that does not hold: whoever reads the case must know. A line that cannot be read is an error.
func Replay(r io.Reader) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		var chain Chain
		err := eachEvent(ctx, r, &chain, emit)
		if errors.Is(err, errCut) {
			emit(inspect.Event{Fact: inspect.Notice{
				Level: "warning",
				Text:  "the last line of the record is cut off and was left out",
			}})
			err = nil
		}
		if err == nil && chain.Broken != nil {
			emit(inspect.Event{Fact: notIntact(chain)})
		}
		return err
	}
}

// notIntact is the notice about a chain that does not hold.
func notIntact(c Chain) inspect.Notice {
	return inspect.Notice{Level: "error", Text: "the record of this case is not intact: " + c.Broken.Error()}
}

// Read gives the entries of a saved record as they are, also where its chain does not hold, and without remarks of its
// own: what is exported must not lose a trace of a change. A last line that a crash cut off is left out.
func Read(ctx context.Context, r io.Reader, take func(inspect.Event)) error {
	var chain Chain
	if err := eachEvent(ctx, r, &chain, take); !errors.Is(err, errCut) {
		return err
	}
	return nil
}

// eachEvent reads the lines of a record and follows their chain: one entry a line, as
//
//	{"seq":2,"time":"2026-11-23T03:12:04Z","prev":"sha256:…","session":{"operator":"ada",…}}
//
// Empty lines are passed over. errCut marks a last line that is not JSON and has no break; any other line that cannot
// be read is an error with its number, since what stands on it is not known.
func eachEvent(ctx context.Context, r io.Reader, chain *Chain, take func(inspect.Event)) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if n > MaxEvents {
			return fmt.Errorf("reading the record: more than %d entries", MaxEvents)
		}
		line, err := ReadLine(lines, MaxLine)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading line %d of the record: %w", n, err)
		}
		if len(line) == 0 {
			continue
		}
		var e inspect.Event
		if bad := json.Unmarshal(line, &e); bad != nil {
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("line %d: %w", n, errCut)
			}
			return fmt.Errorf("decoding line %d of the record: %w", n, bad)
		}
		chain.follow(e, line)
		take(e)
	}
}

// ReadLine reads up to and without the line break, and gives io.EOF with what is left after the last one. A line of
// more than limit bytes is an error; no more than that, and one buffer, is held in memory.
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
