package tui

import (
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
	return rows
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
			return []cell{{text: "open", tone: toneWarn, width: 5}, {text: m.p.sign(inspect.Unknown), tone: toneWarn, width: m.p.signWidth()}, {text: "not checked: " + name + ": " + c.Reason, width: -1}}
		},
		detail: func(d *document) {
			d.status(inspect.Unknown, "could not check "+name, "")
			d.gap()
			d.say(tonePlain, c.Reason)
			d.gap()
			d.field("tried", stamp(c.Started)+" to "+stamp(c.Ended))
			d.gap()
			d.say(toneDim, "r tries again.")
		},
	}
}
