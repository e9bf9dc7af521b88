package tui

import (
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// headerLine is where one is, context first; on the right how fresh that is.
func (m *Model) headerLine(width int) string {
	h := m.top().Header()
	room := width - ansi.StringWidth(h.State) - 1
	text := widget.Fit(shorten(h.Trail, " › ", room), max(0, room))
	return widget.Pad(m.Paint.In(widget.ToneBold, text)+" "+m.Paint.In(h.Tone, h.State), width)
}

// maxDrop is the highest number of a crumb that can go.
const maxDrop = 4

// shorten joins the crumbs that there is room for.
func shorten(trail []shell.Crumb, sep string, room int) string {
	for drop := 0; ; drop++ {
		var texts []string
		for _, c := range trail {
			if c.Drop == 0 || c.Drop > drop {
				texts = append(texts, text.Clean(c.Text))
			}
		}
		s := strings.Join(texts, sep)
		if ansi.StringWidth(s) <= room || drop == maxDrop {
			return s
		}
	}
}
