package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
)

// progress shows on stderr what runs, if that is a terminal: one line, drawn over.
type progress struct {
	w     io.Writer // nil: nobody looks
	last  time.Time
	drawn bool
	pace  engine.ETA
}

// redrawEvery is the shortest time between two drawings.
const redrawEvery = 100 * time.Millisecond

func newProgress(w io.Writer, f *flags) *progress {
	if !isTerminal(w) || f.output == "events" {
		return &progress{}
	}
	return &progress{w: w}
}

// show takes in an event that the case has just folded.
func (p *progress) show(c *inspect.Case, e inspect.Event) {
	if p.w == nil {
		return
	}
	now := time.Now()
	p.pace.Note(e, now)
	if now.Sub(p.last) < redrawEvery {
		return
	}
	p.last = now
	var running []string
	for _, s := range c.Checks {
		if !s.Running() {
			continue
		}
		if text := strings.TrimSpace(s.Name + " " + p.pace.Text(c, s.Name, now)); !slices.Contains(running, text) {
			running = append(running, text)
		}
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
