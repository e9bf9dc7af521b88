package tui

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// changeRows lists what else differs: the image's settings, and the files.
func changeRows(s *caseScreen, d inspect.Diff) []row {
	rows := driftRows(s, "settings", d.Settings)
	if d.Files == nil {
		return rows
	}
	for _, f := range d.Files.List {
		rows = append(rows, fileChangeRow(s, f))
	}
	if d.Files.Truncated {
		text := fmt.Sprintf("the files that matter most; in all %d were added, %d changed, %d removed", d.Files.Added, d.Files.Changed, d.Files.Removed)
		rows = append(rows, driftRow(s, "drift:files", text))
	}
	return rows
}

// driftRows lists sentences about what is not as in the image before.
func driftRows(s *caseScreen, kind string, all []string) []row {
	var rows []row
	for at, text := range all {
		rows = append(rows, driftRow(s, fmt.Sprintf("drift:%s:%d", kind, at), text))
	}
	return rows
}

func driftRow(s *caseScreen, id, text string) row {
	return row{
		id: id, find: text, value: text, subject: s.subject, layer: -1, object: text,
		cells: func(int) []widget.Cell {
			return []widget.Cell{{Text: "≠", Tone: widget.ToneWarn, Width: 1}, {Text: text, Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneWarn, "Differs from the "+comparedWith(s))
			d.Gap()
			d.Say(widget.TonePlain, text)
		},
	}
}

func fileChangeRow(s *caseScreen, f inspect.FileChange) row {
	sign, t := "~", widget.ToneWarn
	switch f.Change {
	case "added":
		sign, t = "+", widget.ToneNote
	case "removed":
		sign, t = "-", widget.ToneBad
	}
	path := f.Path
	if f.Change == "removed" {
		path = "" // there is nothing to go to
	}
	return row{
		id: "file:" + f.Path, find: f.Path + " file " + f.Change, value: f.Path, subject: s.subject, mark: f.Path, path: path, layer: f.Layer, object: f,
		cells: func(w int) []widget.Cell {
			cells := []widget.Cell{{Text: sign, Tone: t, Width: 1}, {Text: f.Path, Width: -1, Tail: true}}
			if w > 50 {
				kind := string(f.Type)
				if f.Executable {
					kind = "program"
				}
				cells = append(cells, widget.Cell{Text: kind, Tone: widget.ToneDim, Width: 9}, widget.Cell{Text: layerText(f.Layer), Tone: widget.ToneDim, Width: 4, Right: true})
			}
			return cells
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, f.Path)
			d.Say(t, f.Change+" against "+comparedWith(s))
			d.Field("from", f.From)
			d.Field("to", f.To)
			if f.Executable {
				d.Say(widget.ToneWarn, "It is a program.")
			}
			if f.Layer >= 0 {
				d.Field("layer", fmt.Sprintf("%d  %s", f.Layer, buildStep(stepOf(s.image(), f.Layer))))
			}
			alertsOn(d, s, f.Path)
			notesOn(d, s, f.Path)
		},
	}
}
