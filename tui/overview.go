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

func alertRow(m *Model, a inspect.Alert) row {
	where := a.Path
	if a.File.Path != "" {
		where = a.File.Path
	}
	return row{
		id: "alert:" + a.ID, find: a.Rule + " " + a.Output + " " + where, value: a.Output, subject: a.Subject, mark: a.ID,
		path: imagePath(a.File), layer: a.File.Layer, raw: blobPart("alert as received", a.Raw), object: a,
		cells: func(w int) []cell {
			return []cell{
				{text: "ALERT", tone: toneBad, width: 5}, {text: "!", tone: toneBad, width: m.p.signWidth()},
				{text: a.Rule + times(a.Count), width: -1},
				{text: where, tone: toneNote, width: min(max(1, len(where)), max(1, w/2)), tail: true},
			}
		},
		detail: func(d *document) { alertDetail(d, a) },
	}
}

// imagePath is the alerted file's path where the image has it.
func imagePath(f inspect.AlertFile) string {
	if f.Layer < 0 || f.Origin != inspect.OriginImage && f.Origin != inspect.OriginChanged {
		return ""
	}
	return f.Path
}

func times(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" ×%d", n)
}

func alertDetail(d *document, a inspect.Alert) {
	d.say(toneBad, a.Rule)
	d.field("priority", a.Priority)
	when := stamp(a.Time)
	if a.Imprecise {
		when += " (imprecise: the line has no date or no zone)"
	}
	d.field("time", when)
	d.field("source", a.Source)
	if a.Count > 1 {
		d.field("said", fmt.Sprintf("%d times", a.Count))
	}
	d.field("matched by", strings.TrimSpace(a.Match+" "+a.Why))
	d.field("container", strings.TrimSpace(a.Container+" "+a.ContainerID))
	if a.File.Path != "" || a.Path != "" {
		d.heading("Where the file is")
		d.field("path", firstOf(a.File.Path, a.Path))
		d.status(originStatus(a.File), firstOf(a.File.Origin, inspect.OriginUnknown), a.File.Detail)
		if a.File.Layer >= 0 && a.File.Origin != "" {
			d.field("layer", fmt.Sprint(a.File.Layer))
		}
		d.field("sha256", a.File.SHA256)
	}
	d.heading("As received")
	d.say(tonePlain, a.Output)
	if len(a.Flags) > 0 {
		d.field("flags", strings.Join(a.Flags, " "))
	}
}

// originStatus: a file of the image is found for certain, and that is no good news; all else is open.
func originStatus(f inspect.AlertFile) inspect.Status {
	if f.Origin == inspect.OriginImage {
		return inspect.Failed
	}
	return inspect.Unknown
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// severityWord is a severity in five letters at most.
func severityWord(s inspect.Severity) string {
	switch s {
	case inspect.Critical:
		return "CRIT"
	case inspect.High:
		return "HIGH"
	case inspect.Medium:
		return "MED"
	case inspect.Low:
		return "low"
	default:
		return "info"
	}
}

func findingRow(m *Model, s *caseScreen, f inspect.Finding) row {
	subject, path := findingPlace(s, f)
	return row{
		id: "finding:" + f.ID, find: f.Title + " " + f.Subject + " " + f.Code + " " + string(f.Severity) + " " + f.Check,
		value: f.Title, subject: subject, mark: f.ID, path: path, layer: -1, object: f, raw: evidenceParts(f.Evidence),
		cells: func(w int) []cell {
			sign := cell{text: m.p.sign(f.Status), tone: statusTone(f.Status), width: m.p.signWidth()}
			word := cell{text: severityWord(f.Severity), tone: severityTone(f.Severity), width: 5}
			title := cell{text: f.Title, width: -1}
			if w > 70 {
				return []cell{word, sign, title, {text: f.Check, tone: toneDim, width: 11}}
			}
			return []cell{word, sign, title}
		},
		detail: func(d *document) { findingDetail(d, s, f) },
	}
}

// findingPlace reads the image and the path out of a finding: web:/usr/bin/top.
func findingPlace(s *caseScreen, f inspect.Finding) (subject, path string) {
	subject, path, _ = strings.Cut(f.Subject, ":")
	if _, ok := s.c.Image(subject); !ok {
		subject = ""
	}
	if strings.HasPrefix(path, "/") {
		return subject, path
	}
	for _, e := range f.Evidence {
		if e.Kind == "file" && strings.HasPrefix(e.Path, "/") {
			return subject, e.Path
		}
	}
	return subject, ""
}

func findingDetail(d *document, s *caseScreen, f inspect.Finding) {
	d.say(severityTone(f.Severity), f.Title)
	d.status(f.Status, statusWord(f.Status), "")
	d.field("severity", string(f.Severity))
	d.field("subject", f.Subject)
	d.field("said by", f.Check+", "+f.Code)
	if f.Detail != "" {
		d.gap()
		d.say(tonePlain, f.Detail)
	}
	if len(f.Evidence) > 0 {
		d.heading("Rests on")
	}
	for i, e := range f.Evidence {
		if i == maxListed {
			d.say(toneDim, fmt.Sprintf("… and %d more", len(f.Evidence)-maxListed))
			break
		}
		d.put(tonePlain, "• ", e.Kind+" "+firstOf(e.Path, e.Text))
		if e.Path != "" && e.Text != "" {
			d.put(toneDim, "  ", e.Text)
		}
		if e.Digest != "" {
			d.put(toneDim, "  ", e.Digest)
		}
	}
	notesOn(d, s, f.ID)
}

// notesOn lists what people wrote about a row.
func notesOn(d *document, s *caseScreen, id string) {
	first := true
	for _, n := range s.c.Notes {
		if n.Subject != id {
			continue
		}
		if first {
			d.heading("Notes")
			first = false
		}
		d.put(toneNote, "• ", strings.TrimSpace(stamp(n.Time)+" "+n.Author+" "+n.Mark+" "+n.Text))
	}
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

// questionText is a question of the post-mortem in words.
func questionText(q string) string {
	switch q {
	case inspect.WhereFrom:
		return "Where did it come from?"
	case inspect.HowIn:
		return "How did it get in?"
	default:
		return "Why was it not flagged earlier?"
	}
}

// questionWord is a question in one word, for the column in front.
func questionWord(q string) string {
	switch q {
	case inspect.WhereFrom:
		return "where"
	case inspect.HowIn:
		return "how"
	default:
		return "why"
	}
}

func answerRow(m *Model, s *caseScreen, a inspect.Answer) row {
	q := a.Question
	return row{
		id: "answer:" + q, find: questionText(q) + " " + a.Text, value: a.Text, layer: -1, object: a,
		cells: func(w int) []cell {
			return []cell{{text: questionWord(q), tone: toneNote, width: 5}, {text: m.p.sign(a.Status), tone: toneNote, width: m.p.signWidth()}, {text: a.Text, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneNote, questionText(q))
			d.gap()
			d.say(tonePlain, a.Text)
			d.gap()
			d.status(a.Status, answerWord(a.Status), "")
			if len(a.Findings) > 0 {
				d.heading("Follows from")
			}
			for _, f := range s.c.Findings {
				if slices.Contains(a.Findings, f.ID) {
					d.put(tonePlain, "• ", f.Title)
				}
			}
		},
	}
}

func answerWord(st inspect.Status) string {
	switch st {
	case inspect.Verified:
		return "follows from its findings"
	case inspect.Absent:
		return "nothing to explain"
	default:
		return "open, or not to be known"
	}
}
