package evidence

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/report"
)

// stream is a case's stream as it goes into a bundle: without progress and without a line that a crash cut off, next
// to the case that it folds to and its chain of custody. Both lie in temporary files.
// The files have no names that outlive close, and their bytes are what the bag gets: what is appended to the record
// while an export runs is in neither.
type stream struct {
	c       inspect.Case
	events  *os.File
	custody *os.File
	last    string // hash of the last line of custody
}

// foldStream reads a stream once. What the case's process writes after that is not in it.
func foldStream(ctx context.Context, open func() (io.ReadCloser, error)) (*stream, error) {
	s := &stream{}
	err := s.read(ctx, open)
	if err == nil && s.c.Schema == "" {
		err = errors.New("it has no header: nothing was recorded")
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// read folds the stream and writes both files. Events behind a failed write are not read.
// Broken links of the record's chain are kept as they are: an export never repairs a record.
func (s *stream) read(ctx context.Context, open func() (io.ReadCloser, error)) error {
	var err error
	if s.events, err = bagit.TempFile(""); err != nil {
		return err
	}
	if s.custody, err = bagit.TempFile(""); err != nil {
		return err
	}
	events, chain := bufio.NewWriter(s.events), bufio.NewWriter(s.custody)
	c := &custody{w: chain}
	var failed error
	saved, err := open()
	if err != nil {
		return err
	}
	defer saved.Close()
	err = ledger.Read(ctx, saved, func(e inspect.Event) {
		if failed != nil {
			return
		}
		s.c.Apply(e)
		if failed = writeEvent(events, e); failed == nil {
			failed = c.event(e)
		}
	})
	s.last = c.last
	return errors.Join(err, failed, events.Flush(), chain.Flush())
}

// close removes the files.
func (s *stream) close() {
	for _, f := range []*os.File{s.events, s.custody} {
		if f != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}
}

// rendered gives what a function writes.
func rendered(write func(report.Bag, io.Writer, inspect.Case) error) func(inspect.Case, report.Bag) ([]byte, error) {
	return func(c inspect.Case, in report.Bag) ([]byte, error) {
		var b bytes.Buffer
		err := write(in, &b, c)
		return b.Bytes(), err
	}
}

// writeEvent writes an event as one line of JSON, as the ledger wrote it.
func writeEvent(w io.Writer, e inspect.Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding event %d: %w", e.Seq, err)
	}
	if _, err := w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("writing event %d: %w", e.Seq, err)
	}
	return nil
}
