package pane

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// groupRows lists the findings by what caused them, one row for each cause; of a group that is open, each finding
// too. Sorted by check, each finding is a row. A group of one is not worth a row of its own: the finding stands for
// itself.
func groupRows(v View) []Row {
	var rows []Row
	for _, g := range headline.Groups(v.Case) {
		if len(g.Findings) == 1 {
			rows = append(rows, findingRow(v, g.Findings[0]))
			continue
		}
		open := v.Opened != nil && v.Opened(g.ID)
		rows = append(rows, groupRow(v, g, open))
		if !open {
			continue
		}
		for _, f := range g.Findings {
			r := findingRow(v, f)
			r.Group, r.Line = g.ID, indented(r.Line)
			rows = append(rows, r)
		}
	}
	return rows
}

// indented puts a row of a group below the group's own. Two cells and the blank between them are taken from the
// width.
func indented(line func(int) []widget.Cell) func(int) []widget.Cell {
	return func(w int) []widget.Cell { return append([]widget.Cell{{Width: 2}}, line(w-3)...) }
}

// groupRow heads a group: its severity, what the cause did, and how much of it there is. y copies the most urgent
// next step, since that is what one does about a cause; a group of mere observations has none. Where the group leads
// is the file of its worst finding. A container is named only where it is not the one on screen.
func groupRow(v View, g headline.Group, open bool) Row {
	sign := "▸"
	if open {
		sign = "▾"
	}
	title := g.Title
	// a group of observations may be of several containers
	if g.Container != v.Container && g.Container != "" && g.ID != headline.Observed {
		title = g.Container + ": " + title
	}
	r := Row{
		ID: "group:" + g.ID, Group: g.ID, Heads: true, Value: title, Container: g.Container, Layer: -1, Object: g,
		Text: title + " " + g.Aside + " " + groupText(g),
		Line: func(w int) []widget.Cell {
			cells := []widget.Cell{
				{Text: sign, Tone: widget.ToneKey, Width: v.Paint.SignWidth()},
				{Text: label.Severity(g.Severity), Tone: label.SeverityTone(g.Severity), Width: 5},
				{Text: title, Width: -1},
			}
			// how much of it there is goes before the cause does
			if g.Aside != "" && len(g.Aside) < w/2 {
				cells = append(cells, widget.Cell{Text: g.Aside})
			}
			return cells
		},
		Detail: func(d *widget.Document) { groupDetail(d, v, g) },
	}
	for _, f := range g.Findings {
		if _, path := findingPlace(v, f); path != "" {
			r.Path, r.Layer = path, findingLayer(v, g.Container, f)
			break
		}
	}
	if len(v.Steps) > 0 && v.Steps[0].Command != "" && g.ID != headline.Observed {
		r.Value = v.Steps[0].Command
	}
	return r
}

// groupText is what the filter finds a group by: all its findings.
func groupText(g headline.Group) string {
	var b strings.Builder
	for _, f := range g.Findings {
		b.WriteString(f.Title + " " + f.Subject + " " + f.Code + " " + f.Check + " ")
	}
	return b.String()
}

// groupDetail lists what is in a group, worst first, and the build step where one layer brought it. An alert is
// listed once, whichever of the findings are about its file.
func groupDetail(d *widget.Document, v View, g headline.Group) {
	for at, f := range g.Findings {
		if at == widget.MaxListed {
			d.Say(widget.ToneDim, fmt.Sprintf("… and %d more", len(g.Findings)-widget.MaxListed))
			break
		}
		d.Put(label.SeverityTone(f.Severity), fmt.Sprintf("%-5s", label.Severity(f.Severity)), f.Title)
	}
	i, _ := v.Case.Image(g.Container)
	if g.Layer >= 0 {
		d.Gap()
		d.Field("layer", fmt.Sprintf("%d  %s", g.Layer, headline.StepText(StepOf(i, g.Layer))))
		for _, o := range i.Sharing.With(g.Layer) {
			d.Field("also in", strings.Join(o.Pods, ", ")+" ("+label.Image(o.Reference, o.Digest)+")")
		}
	}
	for _, a := range v.Case.Alerts {
		for _, f := range g.Findings {
			if p := findingPath(f); p != "" && p == a.File.Path {
				d.Put(widget.ToneBad, "alert       ", a.Rule+label.Times(a.Count)+" "+p)
				break
			}
		}
	}
	d.Gap()
	d.Say(widget.ToneNote, "→ shows the findings one by one.")
}

// findingPath is the file that a finding's subject names. It does not look at the evidence: an alert on a file that
// is only evidence is no alert on the group.
func findingPath(f inspect.Finding) string {
	if _, p, ok := strings.Cut(f.Subject, ":"); ok && strings.HasPrefix(p, "/") {
		return p
	}
	return ""
}
