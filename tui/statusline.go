package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// statusLine is the filter while it is typed, else errors until they are dismissed, else running checks and the last
// notice. It is one line, and its three sources never share it but for the last two: an error is never pushed away by
// a notice.
func (m *Model) statusLine(width int) (string, *tea.Cursor) {
	if m.filtering {
		return widget.Pad(m.filter.View(), width), m.filter.Cursor()
	}
	if len(m.Errors) > 0 {
		return m.errorLine(width), nil
	}
	p, text, t := m.Paint, noticeText(m.Notice), noticeTone(m.Notice)
	running := m.top().Header().Running
	switch {
	case running != "" && text != "":
		running = widget.Fit(running, min(ansi.StringWidth(running), width*2/3))
		return widget.Pad(p.In(widget.ToneNote, running)+p.In(widget.ToneDim, " │ ")+p.In(t, text), width), nil
	case running != "":
		return p.In(widget.ToneNote, widget.Fit(running, width)), nil
	default:
		return p.In(t, widget.Fit(text, width)), nil
	}
}

// errorLine is the oldest error, and how many wait behind it. An error stays until esc dismisses it, whatever else is
// done.
func (m *Model) errorLine(width int) string {
	tail := " (esc)"
	if n := len(m.Errors); n > 1 {
		tail = fmt.Sprintf(" (esc, %d more)", n-1)
	}
	text := m.Paint.Sign(widget.SignBad) + " " + noticeText(m.Errors[0])
	text = widget.Fit(text, min(ansi.StringWidth(text), width-len(tail)))
	return widget.Pad(m.Paint.In(widget.ToneBad, text)+m.Paint.In(widget.ToneDim, tail), width)
}

// noticeText is a notice with its hint.
func noticeText(n inspect.Notice) string {
	words := text.Clean(n.Text)
	if n.Hint != "" {
		words += " · " + text.Clean(n.Hint)
	}
	return words
}

// noticeTone is the color of a notice.
func noticeTone(n inspect.Notice) widget.Tone {
	switch n.Level {
	case shell.LevelError:
		return widget.ToneBad
	case shell.LevelWarning:
		return widget.ToneWarn
	default:
		return widget.TonePlain
	}
}

// keysLine names the keys that work now, as many as fit, help always. A command that is disabled now is left out, so
// that every key on the line does something.
func (m *Model) keysLine(width int) string {
	p := m.Paint
	if m.Dialog != nil {
		return p.In(widget.ToneDim, widget.Fit(m.Dialog.Keys(), width))
	}
	if m.filtering {
		return p.In(widget.ToneDim, widget.Fit("type to filter · ↑ ↓ move · enter keep · esc clear", width))
	}
	help := p.In(widget.ToneKey, "?") + " " + p.In(widget.ToneDim, "help")
	room := width - 8
	var b strings.Builder
	used := 0
	for _, c := range commands() {
		if !c.bar || c.on&m.top().Scope() == 0 || c.name == "help" || m.action(c).Why() != "" {
			continue
		}
		n := ansi.StringWidth(c.show) + 1 + ansi.StringWidth(c.name) + 2
		if used+n > room {
			continue
		}
		b.WriteString(p.In(widget.ToneKey, c.show) + " " + p.In(widget.ToneDim, c.name) + "  ")
		used += n
	}
	return widget.Pad(widget.Pad(b.String(), room)+"  "+help, width)
}
