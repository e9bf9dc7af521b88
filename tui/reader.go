package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
)

// reader shows a text to read: help.
type reader struct {
	name  string
	lines func(p *widget.Paint, width int) []string
	top   int
}

func (r *reader) title() string { return r.name }

func (r *reader) keys() string { return "j k move · esc close" }

func (r *reader) update(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch k.String() {
	case "j", "down":
		r.top++
	case "k", "up":
		r.top--
	case "ctrl+d", "pgdown", "space":
		r.top += m.height / 2
	case "ctrl+u", "pgup":
		r.top -= m.height / 2
	case "g", "home":
		r.top = 0
	case "G", "end":
		r.top = 1 << 20
	case "?", "q", "enter":
		m.dialog = nil
	}
	return nil
}

func (r *reader) render(m *Model, width, height int) ([]string, *tea.Cursor) {
	lines := r.lines(m.p, width)
	r.top = min(max(0, r.top), max(0, len(lines)-height))
	return lines[r.top:min(len(lines), r.top+height)], nil
}
