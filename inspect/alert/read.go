package alert

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"
)

// Bounds of what is read. A busy cluster's day is about 100,000 alerts of 1.5 KB.
const (
	DefaultAlerts = 200_000
	// bytes
	DefaultLine = 1 << 20
	maxDocument = 64 << 20
	// kept with their reason
	maxBroken  = 10
	batchLines = 1024
	batchBytes = 1 << 20
)

// Limits bound a Read; zero values mean the defaults.
type Limits struct {
	// how many are kept; Scan keeps none
	Alerts int
	// bytes of one line
	Line int
	// Day is the date of lines that hold a time of day only: that of the file. Their time stays
	// marked as imprecise. The zero value leaves their time unknown.
	Day time.Time
	// Lines means that each line is complete in itself: a JSON document would be waited for to its end,
	// which a file that grows does not have.
	Lines bool
	// Log means that it is a program's log, of lines: text that is not an alert is another message,
	// and not broken.
	Log bool
	// Plain means that the bytes are UTF-8 and not compressed: a small request must not become a
	// large one.
	Plain bool
}

// Intake is what was read.
type Intake struct {
	// of Read
	Alerts []Alert
	// alerts that there were
	Count int
	// lines that are no alert
	Broken int
	// the first of them
	Samples []BrokenLine
	// what was not read, in words
	Notes []string
}

// BrokenLine is a line that is no alert.
type BrokenLine struct {
	// from 1; in a JSON document the number of the value
	Line   int
	Reason string
	// Feed is the name of its feed, where there are several.
	Feed string
}

// Read reads all alerts of r, as Scan does.
func Read(r io.Reader, limits Limits) (Intake, error) {
	if limits.Alerts <= 0 {
		limits.Alerts = DefaultAlerts
	}
	var kept []Alert
	var full string
	in, err := Scan(r, limits, func(b Batch) bool {
		for i := range b.Alerts {
			if len(kept) == limits.Alerts {
				full = fmt.Sprintf(
					"more than %d alerts: those from line %d on were not read", limits.Alerts, b.Alerts[i].number,
				)
				return false
			}
			a := b.Alerts[i].Alert
			a.received(b.Alerts[i].line)
			kept = append(kept, a)
		}
		return true
	})
	if full != "" {
		in.Notes = append(in.Notes, full)
	}
	in.Alerts = kept
	return in, err
}

// Batch is some lines in the order in which they were read.
type Batch struct {
	// Alerts are in order; they are valid until the next batch.
	Alerts []Received
	// lines that are no alert, since the last batch
	Broken int
	// lines of a log that are something else
	Other int
	// the first of them
	Samples []BrokenLine
}

// Received is an alert with its line. What follows from the line's bytes is not filled in yet.
type Received struct {
	Alert
	line []byte
	// of the line
	number int
}

// Scan reads alerts line by line and passes them to each, until each returns false. Sensors and
// collectors may be mixed. A JSON array of objects, or JSON over several lines, is read as well,
// unless limits.Lines is set. Gzip and UTF-16 are decoded, unless limits.Plain or limits.Log is
// set. Lines that are not alerts are counted; blank ones are not. What has been read is passed on
// before Scan waits for more. The error is that of r; what was read before it was passed on.
func Scan(r io.Reader, limits Limits, each func(Batch) bool) (Intake, error) {
	if limits.Line <= 0 {
		limits.Line = DefaultLine
	}
	in := &intake{limits: limits, each: each}
	if !limits.Plain && !limits.Log {
		decoded, err := decode(r)
		if err != nil {
			return in.Intake, notEnd(err)
		}
		r = decoded
	}
	lines := readers.Get().(*bufio.Reader)
	lines.Reset(r)
	defer func() { lines.Reset(nil); readers.Put(lines) }()
	start, err := in.firstBytes(lines)
	if err != nil {
		return in.Intake, notEnd(err)
	}
	if !limits.Log && !limits.Lines && isDocument(start) {
		in.number = 0 // values are counted, not lines
		err = in.document(lines)
	} else {
		err = in.lines(lines)
	}
	return in.Intake, notEnd(err)
}

// readers are used again: a webhook reads thousands of small bodies.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, batchBytes) }}

// intake is an Intake in the making.
type intake struct {
	Intake
	limits Limits
	each   func(Batch) bool
	// of the last line
	number int
	// of a batch, used again for the next one
	parsed []Received
	failed []error
}

// firstBytes skips blanks and looks at what follows.
func (in *intake) firstBytes(r *bufio.Reader) ([]byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		switch b {
		case '\n':
			in.number++
			continue
		case ' ', '\t', '\r', 0xef, 0xbb, 0xbf: // with a byte order mark
			continue
		}
		if err := r.UnreadByte(); err != nil {
			return nil, err
		}
		if start, err := r.Peek(2); len(start) == 0 {
			return nil, err
		}
		return r.Peek(r.Buffered())
	}
}

// lines reads one alert a line.
func (in *intake) lines(r *bufio.Reader) error {
	var b lineBatch
	for {
		err := b.read(r, in.limits.Line)
		if b.full() || err != nil || !hasLine(r) {
			if !in.take(b.lines(), b.joined) {
				return nil
			}
			b.reset()
		}
		if err != nil {
			return err
		}
	}
}

// hasLine reports whether the next line can be read without waiting for more.
func hasLine(r *bufio.Reader) bool {
	ahead, _ := r.Peek(r.Buffered())
	return bytes.IndexByte(ahead, '\n') >= 0
}

// lineBatch is some lines in one piece of memory, which is used again.
type lineBatch struct {
	bytes  []byte
	ends   []int
	joined []int // how many more lines of the file each is made of
	list   [][]byte
}

// read reads a line, with the parts that a container runtime wrote it in joined. Of a longer line than limit it keeps
// one byte more than that, by which parse recognizes it.
func (b *lineBatch) read(r *bufio.Reader, limit int) error {
	begun, joined := len(b.bytes), 0
	err := b.physical(r, limit)
	first := criOf(b.bytes[begun:])
	for part := first; part.partial && err == nil; {
		b.bytes = bytes.TrimRight(b.bytes, "\r\n")
		mark := len(b.bytes)
		err = b.physical(r, limit)
		if part = criOf(b.bytes[mark:]); part.stream != first.stream {
			// Nothing goes on from here: what was read is a line of its own.
			b.end(mark, joined)
			begun, joined, first = mark, 0, part
			continue
		}
		b.bytes = append(b.bytes[:mark], b.bytes[mark+part.content:]...)
		b.bytes = b.bytes[:min(len(b.bytes), begun+limit+1)]
		joined++
	}
	b.end(len(b.bytes), joined)
	return err
}

// end ends a line before an offset; joined is how many more lines of the file it was made of.
func (b *lineBatch) end(at, joined int) {
	b.ends, b.joined = append(b.ends, at), append(b.joined, joined)
}

// physical reads to the line break, and keeps at most one byte more than limit of what it reads: a line of a gigabyte
// takes no more memory than one that is just too long.
func (b *lineBatch) physical(r *bufio.Reader, limit int) error {
	begun := len(b.bytes)
	for {
		part, err := r.ReadSlice('\n')
		if room := limit + 1 - (len(b.bytes) - begun); room > 0 {
			b.bytes = append(b.bytes, part[:min(len(part), room)]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// full reports whether the batch is to be parsed before more is read.
func (b *lineBatch) full() bool { return len(b.ends) == batchLines || len(b.bytes) >= batchBytes }

// lines are the lines without their breaks.
func (b *lineBatch) lines() [][]byte {
	begun := 0
	for _, end := range b.ends {
		b.list = append(b.list, bytes.TrimRight(b.bytes[begun:end:end], "\r\n"))
		begun = end
	}
	return b.list
}

// reset empties the batch and keeps its memory. Lines that it gave must not be used any more.
func (b *lineBatch) reset() {
	b.bytes, b.ends, b.joined, b.list = b.bytes[:0], b.ends[:0], b.joined[:0], b.list[:0]
}

// take parses a batch on all cores and passes it on in its order. joined are the lines of the file that each has more
// than one; nil for none. It reports whether more is wanted.
func (in *intake) take(lines [][]byte, joined []int) bool {
	in.parsed = slices.Grow(in.parsed[:0], len(lines))[:len(lines)]
	in.failed = slices.Grow(in.failed[:0], len(lines))[:len(lines)]
	workers := min(runtime.GOMAXPROCS(0), 1+len(lines)/16)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(lines); i += workers {
				in.failed[i] = engine.Protect(func() (err error) { // a panic costs one line
					in.parsed[i].Alert, err = parse(lines[i], in.limits)
					return err
				})
				in.parsed[i].line = lines[i]
			}
		})
	}
	wg.Wait()
	b := Batch{Alerts: in.parsed[:0]}
	for i := range lines {
		in.number++
		if joined != nil {
			in.number += joined[i]
		}
		switch {
		case errors.Is(in.failed[i], errBlank):
		case errors.Is(in.failed[i], errOther), in.limits.Log && errors.Is(in.failed[i], errNoAlert):
			b.Other++
		case in.failed[i] != nil:
			b.broken(in.number, in.failed[i])
		default:
			in.parsed[i].number = in.number
			b.Alerts = append(b.Alerts, in.parsed[i])
		}
	}
	return in.give(b)
}

// give counts a batch and passes it on.
func (in *intake) give(b Batch) bool {
	in.Count += len(b.Alerts)
	in.Broken += b.Broken
	in.Samples = append(in.Samples, b.Samples[:min(len(b.Samples), maxBroken-len(in.Samples))]...)
	if len(b.Alerts)+b.Broken+b.Other == 0 {
		return true
	}
	return in.each(b)
}

// broken counts a line that is no alert.
func (b *Batch) broken(line int, reason error) {
	b.Broken++
	if len(b.Samples) < maxBroken {
		b.Samples = append(b.Samples, BrokenLine{Line: line, Reason: reason.Error()})
	}
}

// notEnd wraps the error of a reader; its end is not an error.
func notEnd(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("reading alerts: %w", err)
}
