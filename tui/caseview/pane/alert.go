package pane

import (
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// alertRow is an alert of the case: what was detected, and the file that it names. The path is that of the file in
// the image where the alert's was resolved, else the one that the sensor reported. It gets at most half of the line
// and is cut at its front: the name of the file matters more than its directory.
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
				{
					Text: where, Tone: widget.ToneNote,
					Width: min(max(1, ansi.StringWidth(text.Clean(where))), max(1, w/2)), Tail: true,
				},
			}
		},
		Detail: func(d *widget.Document) { label.Alert(d, a) },
	}
}

// imagePath is the alerted file's path where the image has it. A file that was written at run time, or that lies in a
// volume or in memory, is not in the image, and its path may name another file there: such a row leads nowhere rather
// than to the wrong bytes.
func imagePath(f inspect.AlertFile) string {
	// changed at run time: the image has the file as it was
	if f.Layer < 0 || f.Origin != inspect.OriginImage && f.Origin != inspect.OriginChanged {
		return ""
	}
	return f.Path
}
