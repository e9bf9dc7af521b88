package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// progress shows on stderr what runs, if that is a terminal: one line, drawn over.
type progress struct {
	w     io.Writer // nil: nobody looks
	last  time.Time
	drawn bool
}

// redrawEvery is the shortest time between two drawings.
const redrawEvery = 100 * time.Millisecond

func newProgress(w io.Writer, f *flags) *progress {
	if !isTerminal(w) || f.output == "events" {
		return &progress{}
	}
	return &progress{w: w}
}

func (p *progress) show(c *inspect.Case) {
	if p.w == nil || time.Since(p.last) < redrawEvery {
		return
	}
	p.last = time.Now()
	var running []string
	for _, s := range c.Checks {
		if !s.Running() {
			continue
		}
		text := s.Name
		if done, ok := c.Progress(s.Name, s.Subject); ok && done.Total > 0 {
			text += fmt.Sprintf(" %d%%", min(100, done.Done*100/done.Total))
		}
		running = append(running, text)
	}
	line := strings.Join(running, " · ")
	if r := []rune(line); len(r) > 76 {
		line = string(r[:75]) + "…"
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
	p.drawn = true
}

// clear leaves an empty line behind.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
