package alert

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"
)

// Bounds of what is read. A busy cluster's day is about 100,000 alerts of 1.5 KB.
const (
	DefaultAlerts = 200_000
	DefaultLine   = 1 << 20 // bytes
	maxDocument   = 64 << 20
	maxBroken     = 10 // kept with their reason
	batchLines    = 1024
)

// Limits bound a Read; zero values mean the defaults.
type Limits struct {
	Alerts int // how many are kept
	Line   int // bytes of one line
	// Day is the date of lines that hold a time of day only: that of the file. Their time stays
	// marked as imprecise. The zero value leaves their time unknown.
	Day time.Time
}

// Intake is what was read.
type Intake struct {
	Alerts  []Alert
	Broken  int          // lines that are no alert
	Samples []BrokenLine // the first of them
	Notes   []string     // what was not read, in words
}

// BrokenLine is a line that is no alert.
type BrokenLine struct {
	Line   int // from 1; in a JSON document the number of the value
	Reason string
}

// Read reads alerts line by line: Falco's JSON and text, falcosidekick's payloads and Tetragon's
// events, mixed as they come. A JSON array, or JSON over several lines, is read as well. Lines that
// are no alert are counted; blank ones are not. The error is that of r, and what was read
// before it is there.
func Read(r io.Reader, limits Limits) (Intake, error) {
	if limits.Alerts <= 0 {
		limits.Alerts = DefaultAlerts
	}
	if limits.Line <= 0 {
		limits.Line = DefaultLine
	}
	in := &intake{limits: limits}
	lines := bufio.NewReaderSize(r, 64<<10)
	start, err := in.firstBytes(lines)
	if err != nil {
		return in.Intake, notEnd(err)
	}
	if isDocument(start) {
		in.number = 0 // values are counted, not lines
		err = in.document(lines)
	} else {
		err = in.lines(lines)
	}
	return in.Intake, notEnd(err)
}

// intake is an Intake in the making.
type intake struct {
	Intake
	limits Limits
	number int // of the last line
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
		start, err := r.Peek(2)
		if len(start) > 0 {
			err = nil
		}
		return start, err
	}
}

// lines reads one alert a line.
func (in *intake) lines(r *bufio.Reader) error {
	batch := make([][]byte, 0, batchLines)
	for {
		line, err := readLine(r, in.limits.Line)
		batch = append(batch, line)
		if len(batch) == batchLines || err != nil {
			if !in.take(batch) {
				return nil
			}
			batch = batch[:0]
		}
		if err != nil {
			return err
		}
	}
}

// readLine reads to the line break. Of a longer line than limit it keeps one byte more than that,
// by which parse knows it.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if room := limit + 1 - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimRight(line, "\r\n"), err
		}
	}
}

// take parses a batch on all cores and keeps it in its order. It reports whether there is room for more.
func (in *intake) take(batch [][]byte) bool {
	parsed := make([]Alert, len(batch))
	failed := make([]error, len(batch))
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(batch); i += workers {
				parsed[i], failed[i] = parse(batch[i], in.limits)
			}
		})
	}
	wg.Wait()
	for i := range batch {
		if errors.Is(failed[i], errBlank) {
			in.number++
			continue
		}
		if failed[i] != nil {
			in.broken(failed[i].Error())
			continue
		}
		if len(in.Alerts) == in.limits.Alerts {
			in.Notes = append(in.Notes, fmt.Sprintf("more than %d alerts: those from line %d on were not read", in.limits.Alerts, in.number+1))
			return false
		}
		in.number++
		in.Alerts = append(in.Alerts, parsed[i])
	}
	return true
}

// broken counts a line that is no alert.
func (in *intake) broken(reason string) {
	in.number++
	in.Broken++
	if len(in.Samples) < maxBroken {
		in.Samples = append(in.Samples, BrokenLine{Line: in.number, Reason: reason})
	}
}

func notEnd(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("reading alerts: %w", err)
}
