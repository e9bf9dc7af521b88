package engine

import (
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// ETA estimates when checks will end, from how fast they moved on so far. The zero ETA is ready.
type ETA struct {
	began map[inspect.Key]mark
}

// mark is where a check's progress began.
type mark struct {
	since time.Time
	done  int64
}

// settled is how long a check must have moved before its speed means anything: the first bytes of a layer may come from
// the cache.
const settled = 2 * time.Second

// Note takes in an event. Only progress counts, and where a check begins, maybe again. Progress that goes back, as of a
// layer that is read a second time, begins anew.
func (p *ETA) Note(e inspect.Event, now time.Time) {
	k := inspect.Key{Check: e.Check, Container: e.Container}
	switch f := e.Fact.(type) {
	case inspect.Begin:
		delete(p.began, k)
	case inspect.Progress:
		if p.began == nil {
			p.began = map[inspect.Key]mark{}
		}
		if old, ok := p.began[k]; !ok || f.Done < old.done {
			p.began[k] = mark{now, f.Done}
		}
	}
}

// Text words how far a check is on all containers that it still runs on: "41% of 512.0 MB, 12 s left"; empty where no
// total is known.
func (p *ETA) Text(c *inspect.Case, check string, now time.Time) string {
	var done, total, moved int64
	var longest time.Duration
	unit := ""
	for _, s := range c.Checks {
		at, ok := c.Progress(check, s.Container)
		if s.Name != check || !s.Running() || !ok || at.Total <= 0 {
			continue
		}
		done, total, unit = done+at.Done, total+at.Total, at.Unit
		if m, ok := p.began[inspect.Key{Check: check, Container: s.Container}]; ok {
			moved += at.Done - m.done
			longest = max(longest, now.Sub(m.since))
		}
	}
	if total == 0 {
		return ""
	}
	words := fmt.Sprintf("%d%%", min(100, done*100/total))
	if unit == "bytes" {
		words += " of " + text.Size(total)
	}
	if moved > 0 && longest >= settled && total > done {
		words += ", " + text.Span(time.Duration(float64(total-done)/float64(moved)*float64(longest))) + " left"
	}
	return words
}
