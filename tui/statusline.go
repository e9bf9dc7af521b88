package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// statusLine: the filter while it is typed, else errors until they are dismissed, else running checks and the last
// notice.
func (m *Model) statusLine(width int) (string, *tea.Cursor) {
	if m.filtering {
		m.filter.SetWidth(max(1, width-4))
		return widget.Pad(m.filter.View(), width), m.filter.Cursor()
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
		text = m.p.Sign(widget.SignBad) + " " + text
		return widget.Pad(m.p.In(widget.ToneBad, widget.Fit(text, min(ansi.StringWidth(text), width-len(tail))))+m.p.In(widget.ToneDim, tail), width), nil
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
		running = widget.Fit(running, min(ansi.StringWidth(running), width*2/3))
		return widget.Pad(m.p.In(widget.ToneNote, running)+m.p.In(widget.ToneDim, " │ ")+m.p.In(noticeTone(m.notice), text), width), nil
	case running != "":
		return m.p.In(widget.ToneNote, widget.Fit(running, width)), nil
	default:
		return m.p.In(noticeTone(m.notice), widget.Fit(text, width)), nil
	}
}

// runningText sums up the checks that run: signatures 3/5 · layers 41% of 512.0 MB, 12 s left.
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
		if p := s.pace.Text(&s.c, n, now); p != "" {
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

// keysLine names the keys that work now, as many as fit, help always.
func (m *Model) keysLine(width int) string {
	if m.dialog != nil {
		return m.p.In(widget.ToneDim, widget.Fit(m.dialog.keys(), width))
	}
	if m.filtering {
		return m.p.In(widget.ToneDim, widget.Fit("type to filter · ↑ ↓ move · enter keep · esc clear", width))
	}
	help := m.p.In(widget.ToneKey, "?") + " " + m.p.In(widget.ToneDim, "help")
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
		b.WriteString(m.p.In(widget.ToneKey, c.show) + " " + m.p.In(widget.ToneDim, c.name) + "  ")
		used += n
	}
	return widget.Pad(widget.Pad(b.String(), room)+"  "+help, width)
}
