package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// sayAll shows the notices that came with a list: those that matter more stay on the status line.
func (m *Model) sayAll(all []inspect.Notice) {
	for _, level := range []string{levelInfo, levelWarning, levelError} {
		for _, n := range all {
			if n.Level == level && !slices.Contains(m.said, n) {
				m.say(n)
			}
		}
	}
}

// runMessages shows what was said in this session, newest first.
func runMessages(m *Model, _ string) tea.Cmd {
	said := slices.Clone(m.said)
	slices.Reverse(said)
	m.dialog = &reader{name: "Messages", lines: func(p *paint, width int) []string {
		d := newDocument(p, width)
		for _, n := range said {
			d.put(noticeTone(n), "• ", strings.TrimSpace(n.Text+" "+n.Hint))
		}
		if len(said) == 0 {
			d.say(toneDim, "nothing yet")
		}
		return d.lines
	}}
	return nil
}

func noticeTone(n inspect.Notice) tone {
	switch n.Level {
	case levelError:
		return toneBad
	case levelWarning:
		return toneWarn
	default:
		return tonePlain
	}
}
