package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
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
	m.dialog = &reader{name: "Messages", lines: func(p *widget.Paint, width int) []string {
		d := widget.NewDocument(p, width)
		for _, n := range said {
			d.Put(noticeTone(n), "• ", strings.TrimSpace(n.Text+" "+n.Hint))
		}
		if len(said) == 0 {
			d.Say(widget.ToneDim, "nothing yet")
		}
		return d.Lines
	}}
	return nil
}

func noticeTone(n inspect.Notice) widget.Tone {
	switch n.Level {
	case levelError:
		return widget.ToneBad
	case levelWarning:
		return widget.ToneWarn
	default:
		return widget.TonePlain
	}
}
