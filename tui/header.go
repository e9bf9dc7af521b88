package tui

import (
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// headerLine is where one is, context first; on the right the problems found, and how fresh that is.
func (m *Model) headerLine(width int) string {
	h := m.top().Header()
	trail, outcome, state := fitHeader(h, width)
	right := m.Paint.In(h.Tone, state)
	if outcome != "" {
		right = m.Paint.In(h.OutcomeTone, outcome)
		if state != "" {
			right += sep + m.Paint.In(h.Tone, state)
		}
	}
	room := max(0, width-ansi.StringWidth(joined(outcome, state))-1)
	return widget.Pad(m.Paint.In(widget.ToneBold, widget.Fit(trail, room))+" "+right, width)
}

const (
	// between the steps of the trail
	trailSep = " › "
	// between the outcome and how fresh it is
	sep = " · "
	// columns of a name that was elided: with fewer, two pods of a workload look alike
	minElided = 9
)

// fitHeader chooses the longest form of a header that there is room for. What goes first: the long form of the outcome,
// the namespace, a state that is no warning, the context. The name of the pod is then elided in its middle: a header
// without it could be that of any pod, and its end distinguishes two pods of a workload.
func fitHeader(h shell.Header, width int) (trail, outcome, state string) {
	// the reason for which a bundle is not intact has names of its files
	h.Outcome, h.Brief, h.State = text.Clean(h.Outcome), text.Clean(h.Brief), text.Clean(h.State)
	spare := ""
	if h.Tone == widget.ToneBad || h.Tone == widget.ToneWarn {
		spare = h.State // stale, or not intact: true of every frame
	}
	for _, form := range []struct {
		outcome, state string
		drop           int
	}{
		{h.Outcome, h.State, 0}, {h.Brief, h.State, 0}, {h.Brief, h.State, 1}, {h.Brief, spare, 1}, {h.Brief, spare, 2},
	} {
		outcome, state = form.outcome, form.state
		names := namesOf(h.Trail, form.drop)
		trail = strings.Join(names, trailSep)
		if ansi.StringWidth(trail)+1+ansi.StringWidth(joined(outcome, state)) <= width {
			return trail, outcome, state
		}
	}
	names := namesOf(h.Trail, 2)
	room := width - 1 - ansi.StringWidth(joined(outcome, state))
	for at, c := range kept(h.Trail, 2) {
		if over := ansi.StringWidth(trail) - room; c.Drop > 0 && over > 0 {
			names[at] = widget.FitMiddle(names[at], max(minElided, ansi.StringWidth(names[at])-over))
			trail = strings.Join(names, trailSep)
		}
	}
	return trail, outcome, state
}

// kept are the crumbs that are left once those up to a drop have gone; 0 are those that stay.
func kept(trail []shell.Crumb, drop int) []shell.Crumb {
	var left []shell.Crumb
	for _, c := range trail {
		if c.Drop == 0 || c.Drop > drop {
			left = append(left, c)
		}
	}
	return left
}

// namesOf are the texts of the crumbs that are left. They are foreign, names of a cluster and of a kubeconfig, and
// cleaned here.
func namesOf(trail []shell.Crumb, drop int) []string {
	var names []string
	for _, c := range kept(trail, drop) {
		names = append(names, text.Clean(c.Text))
	}
	return names
}

// joined is the right part of the header without its colors.
func joined(outcome, state string) string {
	if outcome == "" || state == "" {
		return outcome + state
	}
	return outcome + sep + state
}
