package pane

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// changeRows lists what else differs: the image's settings, and the files. The list of files is bounded by the check
// that compares trees; its totals are not, and the last row has them where something was left out.
func changeRows(v View, d inspect.Diff) []Row {
	rows := driftRows(v, "settings", d.Settings)
	if d.Files == nil {
		return rows
	}
	for _, f := range d.Files.List {
		rows = append(rows, fileChangeRow(v, f))
	}
	if d.Files.Truncated {
		text := fmt.Sprintf("only the files that matter most are listed; in total %d added, %d changed, %d removed",
			d.Files.Added, d.Files.Changed, d.Files.Removed)
		rows = append(rows, driftRow(v, "drift:files", text))
	}
	return rows
}

// driftRows lists sentences about what differs from the previous image.
func driftRows(v View, kind string, all []string) []Row {
	var rows []Row
	for at, text := range all {
		rows = append(rows, driftRow(v, fmt.Sprintf("drift:%s:%d", kind, at), text))
	}
	return rows
}

// driftRow is a sentence about a difference. It is no verdict, so it has no sign. ≠ stands for "is not the same":
// whether that is good or bad, a person decides.
func driftRow(v View, id, text string) Row {
	return Row{
		ID: id, Text: text, Value: text, Container: v.Container, Layer: -1, Object: text,
		Line: func(int) []widget.Cell {
			return []widget.Cell{{Text: "≠", Tone: widget.ToneWarn, Width: 1}, {Text: text, Width: -1}}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneWarn, "Differs from the "+comparedWith(v))
			d.Gap()
			d.Say(widget.TonePlain, text)
		},
	}
}

// fileChangeRow is a file that differs from the previous image. The signs are those of diff: + added, - removed, ~
// changed. A removed file is in the other image only.
func fileChangeRow(v View, f inspect.FileChange) Row {
	sign, t := "~", widget.ToneWarn
	switch f.Change {
	case "added":
		sign, t = "+", widget.ToneNote
	case "removed":
		sign, t = "-", widget.ToneBad
	}
	path := f.Path
	if f.Change == "removed" {
		// there is nothing to go to
		path = ""
	}
	return Row{
		ID: "file:" + f.Path, Text: f.Path + " file " + f.Change, Value: f.Path, Container: v.Container, Mark: f.Path,
		Path: path, Layer: f.Layer, Object: f,
		Line: func(w int) []widget.Cell {
			cells := []widget.Cell{{Text: sign, Tone: t, Width: 1}, {Text: f.Path, Width: -1, Tail: true}}
			if w > 50 {
				kind := string(f.Type)
				if f.Executable {
					kind = "executable"
				}
				cells = append(cells, widget.Cell{Text: kind, Tone: widget.ToneDim, Width: 10},
					widget.Cell{Text: label.Layer(f.Layer), Tone: widget.ToneDim, Width: 4, Right: true})
			}
			return cells
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, f.Path)
			d.Say(t, f.Change+" compared with the "+comparedWith(v))
			d.Field("from", f.From)
			d.Field("to", f.To)
			if f.Executable {
				d.Say(widget.ToneWarn, "It is executable.")
			}
			if f.Layer >= 0 {
				d.Field("layer", fmt.Sprintf("%d  %s", f.Layer, label.Step(StepOf(v.Image(), f.Layer))))
			}
			alertsOn(d, v, f.Path)
			notesOn(d, v, f.Path)
		},
	}
}
