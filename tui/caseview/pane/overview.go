package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// overviewRows lists what happened to the pod, the findings by cause, alerts, checks that could not run, the three
// answers, the next steps, and which evidence was collected and which was not. The order is that of urgency: what is
// wrong, what was alerted, what is not known, what explains it, what to do, what to keep. Sorted by check, groups are
// opened, and each finding stands with those of its check.
func overviewRows(v View) []Row {
	var rows []Row
	if gone, ok := v.Case.Gone(); ok {
		rows = append(rows, goneRow(v, gone))
	}
	// by check: what one check found stands together, each finding by itself
	if v.Sort == 1 {
		findings := slices.Clone(v.Case.Findings)
		slices.SortStableFunc(findings, func(a, b inspect.Finding) int { return strings.Compare(a.Check, b.Check) })
		for _, f := range findings {
			rows = append(rows, findingRow(v, f))
		}
	} else {
		rows = append(rows, groupRows(v)...)
	}
	for _, a := range v.Case.Alerts {
		rows = append(rows, alertRow(v, a))
	}
	for _, c := range v.Case.Checks {
		if Blocked(c) {
			rows = append(rows, blockedRow(v, c))
		}
	}
	for _, a := range v.Case.AllAnswers() {
		rows = append(rows, answerRow(v, a))
	}
	// answers come before steps: one should know why before one acts
	for at, step := range v.Steps {
		rows = append(rows, nextRow(v, at, step))
	}
	return append(rows, evidenceRows(v)...)
}

// goneRow is that the pod of the case is there no longer. It is the same fact as the row in Blast radius, and has the
// same identity and detail.
func goneRow(v View, gone inspect.PodChange) Row {
	r := changeRow(gone)
	r.Line = func(int) []widget.Cell {
		return []widget.Cell{
			{Text: "!", Tone: widget.ToneBad, Width: v.Paint.SignWidth()},
			{Text: "POD", Tone: widget.ToneBad, Width: 5},
			{Text: gone.State + ": " + strings.Join(gone.What, "; "), Width: -1},
		}
	}
	return r
}

// nextRow is something to do next; y copies its command. The steps are in the order of urgency, and their identity is
// their place: the first stays the first.
func nextRow(v View, at int, step respond.NextStep) Row {
	return Row{
		ID: fmt.Sprint("next:", at), Text: "next " + step.Why + " " + step.Command,
		Value: cmp.Or(step.Command, step.Why), Layer: -1, Object: step,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				{Width: v.Paint.SignWidth()},
				{Text: "next", Tone: widget.ToneKey, Width: 5},
				{Text: fmt.Sprint(at + 1)},
				{Text: step.Why, Width: -1},
			}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, fmt.Sprintf("Next step %d", at+1))
			d.Gap()
			d.Say(widget.TonePlain, step.Why)
			d.Command(step.Command)
		},
	}
}

// blockedRow is a check that could not run; r retries it. What could not be checked is open, never absent and never
// good. It is a row for each container, as each is retried by itself.
func blockedRow(v View, c inspect.CheckState) Row {
	name := c.Name
	if checkContainer(c) != "" {
		name += " of " + checkContainer(c)
	}
	return Row{
		ID: "check:" + c.Name + ":" + checkContainer(c), Text: name + " " + c.Reason, Value: name + ": " + c.Reason,
		Container: checkContainer(c), Layer: -1,
		Retry: []inspect.Key{KeyOf(c)}, Object: c,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				v.Paint.SignCell(widget.SignOpen),
				{Text: "open", Tone: widget.ToneWarn, Width: 5},
				{Text: name + " could not run: " + c.Reason, Width: -1},
			}
		},
		Detail: func(d *widget.Document) {
			d.Outcome(widget.SignOpen, name+" could not run", "")
			d.Gap()
			d.Say(widget.TonePlain, c.Reason)
			d.Gap()
			d.Field("tried", label.Stamp(c.Started)+" to "+label.Stamp(c.Ended))
			d.Gap()
			d.Say(widget.ToneDim, "r retries it.")
		},
	}
}
