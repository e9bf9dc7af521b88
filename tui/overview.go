package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
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
		r.cells = func(w int) []cell {
			return []cell{{text: "POD", tone: toneBad, width: 5}, {text: "!", tone: toneBad, width: m.p.signWidth()}, {text: gone.State + ": " + strings.Join(gone.What, "; "), width: -1}}
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
		cells: func(w int) []cell {
			return []cell{{text: "next", tone: toneKey, width: 5}, {text: fmt.Sprint(at + 1), tone: toneDim}, {text: step.Why, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneBold, fmt.Sprintf("Next step %d", at+1))
			d.gap()
			d.say(tonePlain, step.Why)
			d.command(step.Command)
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
	if c.Subject != "" {
		name += " of " + c.Subject
	}
	return row{
		id: "check:" + c.Name + ":" + c.Subject, find: name + " " + c.Reason, value: name + ": " + c.Reason, subject: c.Subject, layer: -1,
		retry: []inspect.Key{{Check: c.Name, Subject: c.Subject}}, object: c,
		cells: func(w int) []cell {
			return []cell{{text: "open", tone: toneWarn, width: 5}, {text: m.p.sign(signOpen), tone: toneWarn, width: m.p.signWidth()}, {text: "not checked: " + name + ": " + c.Reason, width: -1}}
		},
		detail: func(d *document) {
			d.status(signOpen, "could not check "+name, "")
			d.gap()
			d.say(tonePlain, c.Reason)
			d.gap()
			d.field("tried", stamp(c.Started)+" to "+stamp(c.Ended))
			d.gap()
			d.say(toneDim, "r tries again.")
		},
	}
}
