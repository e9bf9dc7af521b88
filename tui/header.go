package tui

import (
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// headerLine is where one is, context first; on the right the problems found, and how fresh that is. The trail has
// the first claim on the width: the outcome takes its short form before a crumb is dropped.
func (m *Model) headerLine(width int) string {
	h := m.top().Header()
	full := ansi.StringWidth(shorten(h.Trail, " › ", maxTrail))
	outcome := h.Outcome
	if full+1+ansi.StringWidth(joined(outcome, h.State)) > width {
		outcome = h.Brief
	}
	room := width - ansi.StringWidth(joined(outcome, h.State)) - 1
	text := widget.Fit(shorten(h.Trail, " › ", room), max(0, room))
	right := m.Paint.In(h.Tone, h.State)
	if outcome != "" {
		right = m.Paint.In(h.OutcomeTone, outcome)
		if h.State != "" {
			right += sep + m.Paint.In(h.Tone, h.State)
		}
	}
	return widget.Pad(m.Paint.In(widget.ToneBold, text)+" "+right, width)
}

// sep stands between the outcome and how fresh it is.
const sep = " · "

// maxTrail is wider than any terminal: nothing of the trail is dropped.
const maxTrail = 1 << 20

// joined is the right part of the header without its colors.
func joined(outcome, state string) string {
	if outcome == "" || state == "" {
		return outcome + state
	}
	return outcome + sep + state
}

// maxDrop is the highest number of a crumb that can go.
const maxDrop = 4

// shorten joins the crumbs that there is room for. Crumbs are foreign (a context of a kubeconfig, names of a cluster)
// and cleaned here.
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
