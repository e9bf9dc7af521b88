package pane

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// alertRow is an alert of the case: what was detected, and the file that it names.
func alertRow(v View, a inspect.Alert) Row {
	where := a.Path
	if a.File.Path != "" {
		where = a.File.Path
	}
	return Row{
		ID: "alert:" + a.ID, Text: a.Rule + " " + a.Output + " " + where, Value: a.Output, Container: a.Subject,
		Mark: a.ID,
		Path: imagePath(a.File), Layer: a.File.Layer, Raw: viewer.Blob("alert as received", a.Raw), Object: a,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				{Text: "!", Tone: widget.ToneBad, Width: v.Paint.SignWidth()},
				{Text: "ALERT", Tone: widget.ToneBad, Width: 5},
				{Text: a.Rule + label.Times(a.Count), Width: -1},
				{Text: where, Tone: widget.ToneNote,
					Width: min(max(1, ansi.StringWidth(text.Clean(where))), max(1, w/2)), Tail: true},
			}
		},
		Detail: func(d *widget.Document) { label.Alert(d, a) },
	}
}

// imagePath is the alerted file's path where the image has it.
func imagePath(f inspect.AlertFile) string {
	if f.Layer < 0 || f.Origin != inspect.OriginImage && f.Origin != inspect.OriginChanged {
		return ""
	}
	return f.Path
}
