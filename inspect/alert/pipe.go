package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// pipe reads a pipe, and ends with its context.
type pipe struct {
	ctx  context.Context
	file *os.File
	feed *Feed
	// how long it may be silent; 0: for ever
	quiet time.Duration
	// after its end another writer may come
	again bool

	spoke bool
	// of the last byte
	since time.Time
}

// Read waits for a writer and for what it writes.
func (p *pipe) Read(b []byte) (int, error) {
	if p.since.IsZero() {
		p.since = time.Now()
	}
	for {
		if p.ctx.Err() != nil {
			return 0, io.EOF
		}
		_ = p.file.SetReadDeadline(time.Now().Add(pollEvery))
		n, err := p.file.Read(b)
		switch {
		case n > 0:
			p.spoke, p.since = true, time.Now()
			p.feed.SetCondition(false, "following")
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.feed.waits()
		case err == nil, errors.Is(err, io.EOF): // nobody writes: not yet, or no more
			p.feed.waits()
			if p.spoke && !p.again {
				p.feed.SetCondition(false, "ended")
				return 0, io.EOF
			}
			if !pause(p.ctx, pollEvery) {
				return 0, io.EOF
			}
		default:
			return 0, err
		}
		if p.quiet > 0 && time.Since(p.since) > p.quiet {
			p.feed.SetCondition(
				true,
				fmt.Sprintf("a pipe that did not end: no data for %v; what is written later is not read", p.quiet),
			)
			return 0, io.EOF
		}
	}
}
