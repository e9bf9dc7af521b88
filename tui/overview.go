package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// overviewRows lists what is wrong, worst first: alerts, findings, what could not be checked; below them the three
// answers.
func overviewRows(m *Model, s *caseScreen) []row {
	var rows []row
	for _, a := range s.c.Alerts {
		rows = append(rows, alertRow(m, a))
	}
	if gone, ok := s.c.Gone(); ok {
		r := changeRow(gone)
		r.cells = func(w int) []widget.Cell {
			return []widget.Cell{{Text: "POD", Tone: widget.ToneBad, Width: 5}, {Text: "!", Tone: widget.ToneBad, Width: m.p.SignWidth()}, {Text: gone.State + ": " + strings.Join(gone.What, "; "), Width: -1}}
		}
		rows = append(rows, r)
	}
	findings := slices.Clone(s.c.Findings)
	if s.panes[paneOverview].sort == 1 {
		slices.SortStableFunc(findings, func(a, b inspect.Finding) int { return strings.Compare(a.Check, b.Check) })
	}
	for _, f := range findings {
		rows = append(rows, findingRow(m, s, f))
	}
	for _, c := range s.c.Checks {
		if c.Status == inspect.Unknown && !c.Running() {
			rows = append(rows, uncheckedRow(m, c))
		}
	}
	for _, a := range s.c.AllAnswers() {
		rows = append(rows, answerRow(m, s, a))
	}
	if m.o.Next != nil {
		for at, step := range m.o.Next(s.c) {
			rows = append(rows, nextRow(at, step))
		}
	}
	return rows
}

// nextRow is something to do next; y copies its command.
func nextRow(at int, step inspect.NextStep) row {
	return row{
		id: fmt.Sprint("next:", at), find: "next " + step.Why + " " + step.Command, value: firstOf(step.Command, step.Why), layer: -1, object: step,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: "next", Tone: widget.ToneKey, Width: 5}, {Text: fmt.Sprint(at + 1), Tone: widget.ToneDim}, {Text: step.Why, Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, fmt.Sprintf("Next step %d", at+1))
			d.Gap()
			d.Say(widget.TonePlain, step.Why)
			d.Command(step.Command)
		},
	}
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

func uncheckedRow(m *Model, c inspect.CheckState) row {
	name := c.Name
	if c.Container != "" {
		name += " of " + c.Container
	}
	return row{
		id: "check:" + c.Name + ":" + c.Container, find: name + " " + c.Reason, value: name + ": " + c.Reason, subject: c.Container, layer: -1,
		retry: []inspect.Key{{Check: c.Name, Container: c.Container}}, object: c,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: "open", Tone: widget.ToneWarn, Width: 5}, {Text: m.p.Sign(widget.SignOpen), Tone: widget.ToneWarn, Width: m.p.SignWidth()}, {Text: "not checked: " + name + ": " + c.Reason, Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Outcome(widget.SignOpen, "could not check "+name, "")
			d.Gap()
			d.Say(widget.TonePlain, c.Reason)
			d.Gap()
			d.Field("tried", stamp(c.Started)+" to "+stamp(c.Ended))
			d.Gap()
			d.Say(widget.ToneDim, "r tries again.")
		},
	}
}
