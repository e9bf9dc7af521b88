package tui

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
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
		cells: func(int) []cell {
			return []cell{{text: "≠", tone: toneWarn, width: 1}, {text: text, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneWarn, "Differs from the "+comparedWith(s))
			d.gap()
			d.say(tonePlain, text)
		},
	}
}

func fileChangeRow(s *caseScreen, f inspect.FileChange) row {
	sign, t := "~", toneWarn
	switch f.Change {
	case "added":
		sign, t = "+", toneNote
	case "removed":
		sign, t = "-", toneBad
	}
	path := f.Path
	if f.Change == "removed" {
		path = "" // there is nothing to go to
	}
	return row{
		id: "file:" + f.Path, find: f.Path + " file " + f.Change, value: f.Path, subject: s.subject, mark: f.Path, path: path, layer: f.Layer, object: f,
		cells: func(w int) []cell {
			cells := []cell{{text: sign, tone: t, width: 1}, {text: f.Path, width: -1, tail: true}}
			if w > 50 {
				kind := string(f.Type)
				if f.Executable {
					kind = "program"
				}
				cells = append(cells, cell{text: kind, tone: toneDim, width: 9}, cell{text: layerText(f.Layer), tone: toneDim, width: 4, right: true})
			}
			return cells
		},
		detail: func(d *document) {
			d.say(toneBold, f.Path)
			d.say(t, f.Change+" against "+comparedWith(s))
			d.field("from", f.From)
			d.field("to", f.To)
			if f.Executable {
				d.say(toneWarn, "It is a program.")
			}
			if f.Layer >= 0 {
				d.field("layer", fmt.Sprintf("%d  %s", f.Layer, buildStep(stepOf(s.image(), f.Layer))))
			}
			alertsOn(d, s, f.Path)
			notesOn(d, s, f.Path)
		},
	}
}
