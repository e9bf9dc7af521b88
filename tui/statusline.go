package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/charmbracelet/x/ansi"
)

// rate is how fast a check moves on, from its first progress on.
type rate struct {
	since time.Time
	done  int64
}

// pace remembers where a check's progress began.
func (s *caseScreen) pace(e inspect.Event, now time.Time) {
	k := e.Check + "\x00" + e.Subject
	if old, ok := s.rates[k]; !ok || e.Progress.Done < old.done {
		s.rates[k] = rate{since: now, done: e.Progress.Done}
	}
}

// statusLine: the filter while it is typed, else errors until they are dismissed, else running checks and the last
// notice.
func (m *Model) statusLine(width int) (string, *tea.Cursor) {
	if m.filtering {
		m.filter.SetWidth(max(1, width-4))
		return pad(m.filter.View(), width), m.filter.Cursor()
	}
	if n := len(m.errors); n > 0 {
		e := m.errors[0]
		text := inspect.Clean(e.Text)
		if e.Hint != "" {
			text += " · " + inspect.Clean(e.Hint)
		}
		tail := " (esc)"
		if n > 1 {
			tail = fmt.Sprintf(" (esc, %d more)", n-1)
		}
		text = m.p.sign(inspect.Failed) + " " + text
		return pad(m.p.in(toneBad, fit(text, min(ansi.StringWidth(text), width-len(tail))))+m.p.in(toneDim, tail), width), nil
	}
	text := inspect.Clean(m.notice.Text)
	if m.notice.Hint != "" {
		text += " · " + inspect.Clean(m.notice.Hint)
	}
	running := ""
	if m.open != nil {
		running = m.open.runningText(m.now)
	}
	switch {
	case running != "" && text != "":
		running = fit(running, min(ansi.StringWidth(running), width*2/3))
		return pad(m.p.in(toneNote, running)+m.p.in(toneDim, " │ ")+m.p.in(noticeTone(m.notice), text), width), nil
	case running != "":
		return m.p.in(toneNote, fit(running, width)), nil
	default:
		return m.p.in(noticeTone(m.notice), fit(text, width)), nil
	}
}

// runningText sums up the checks that run: signatures 3/5 · layers 41%, 12 s left.
func (s *caseScreen) runningText(now time.Time) string {
	type sum struct{ all, ended int }
	var names []string
	sums := map[string]*sum{}
	for _, c := range s.c.Checks {
		x := sums[c.Name]
		if x == nil {
			x = &sum{}
			sums[c.Name] = x
			names = append(names, c.Name)
		}
		x.all++
		if !c.Running() {
			x.ended++
		}
	}
	slices.Sort(names)
	var parts []string
	for _, n := range names {
		x := sums[n]
		if x.all == x.ended {
			continue
		}
		text := n
		if p := s.percent(n, now); p != "" {
			text += " " + p
		} else if x.all > 1 {
			text += fmt.Sprintf(" %d/%d", x.ended, x.all)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 && s.running > 0 {
		return "starting …"
	}
	return inspect.Clean(strings.Join(parts, " · "))
}

// percent sums the progress of a check over all images, with the time that is left at this pace.
func (s *caseScreen) percent(check string, now time.Time) string {
	var done, total, moved int64
	var longest time.Duration
	for _, c := range s.c.Checks {
		if c.Name != check || !c.Running() {
			continue
		}
		p, ok := s.c.Progress(check, c.Subject)
		if !ok || p.Total <= 0 {
			continue
		}
		done, total = done+p.Done, total+p.Total
		if r, ok := s.rates[check+"\x00"+c.Subject]; ok {
			moved += p.Done - r.done
			longest = max(longest, now.Sub(r.since))
		}
	}
	if total == 0 {
		return ""
	}
	text := fmt.Sprintf("%d%%", min(100, done*100/total))
	if moved > 0 && longest >= 2*time.Second && total > done {
		text += ", " + ageText(time.Duration(float64(total-done)/float64(moved)*float64(longest))) + " left"
	}
	return text
}

// keysLine names the keys that work now, as many as fit, help always.
func (m *Model) keysLine(width int) string {
	if m.dialog != nil {
		return m.p.in(toneDim, fit(m.dialog.keys(), width))
	}
	if m.filtering {
		return m.p.in(toneDim, fit("type to filter · ↑ ↓ move · enter keep · esc clear", width))
	}
	help := m.p.in(toneKey, "?") + " " + m.p.in(toneDim, "help")
	room := width - 8
	var b strings.Builder
	used := 0
	for _, c := range commands() {
		if !c.bar || c.on&m.here() == 0 || c.name == "help" || c.why != nil && c.why(m) != "" {
			continue
		}
		n := ansi.StringWidth(c.show) + 1 + ansi.StringWidth(c.name) + 2
		if used+n > room {
			continue
		}
		b.WriteString(m.p.in(toneKey, c.show) + " " + m.p.in(toneDim, c.name) + "  ")
		used += n
	}
	return pad(pad(b.String(), room)+"  "+help, width)
}
