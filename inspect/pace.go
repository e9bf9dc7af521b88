package inspect

import (
	"fmt"
	"time"
)

// Pace remembers how fast checks move on. The zero Pace is ready.
type Pace struct {
	began map[Key]paceMark
}

// paceMark is where a check's progress began.
type paceMark struct {
	since time.Time
	done  int64
}

// paceAfter is how long a check must have moved before its pace says anything.
const paceAfter = 2 * time.Second

// Note takes in an event; only progress counts, and where a check begins, maybe again.
func (p *Pace) Note(e Event, now time.Time) {
	k := Key{e.Check, e.Subject}
	if e.Begin != nil {
		delete(p.began, k)
	}
	if e.Progress == nil {
		return
	}
	if p.began == nil {
		p.began = map[Key]paceMark{}
	}
	if old, ok := p.began[k]; !ok || e.Progress.Done < old.done {
		p.began[k] = paceMark{now, e.Progress.Done}
	}
}

// Text says how far a check is on all its subjects that it still runs on: "41% of 512.0 MB, 12 s left"; "" where it says
// nothing about that.
func (p *Pace) Text(c *Case, check string, now time.Time) string {
	var done, total, moved int64
	var longest time.Duration
	unit := ""
	for _, s := range c.Checks {
		at, ok := c.Progress(check, s.Subject)
		if s.Name != check || !s.Running() || !ok || at.Total <= 0 {
			continue
		}
		done, total, unit = done+at.Done, total+at.Total, at.Unit
		if m, ok := p.began[Key{check, s.Subject}]; ok {
			moved += at.Done - m.done
			longest = max(longest, now.Sub(m.since))
		}
	}
	if total == 0 {
		return ""
	}
	text := fmt.Sprintf("%d%%", min(100, done*100/total))
	if unit == "bytes" {
		text += " of " + SizeText(total)
	}
	if moved > 0 && longest >= paceAfter && total > done {
		text += ", " + SpanText(time.Duration(float64(total-done)/float64(moved)*float64(longest))) + " left"
	}
	return text
}
