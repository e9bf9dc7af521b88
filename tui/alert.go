package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func alertRow(m *Model, a inspect.Alert) row {
	where := a.Path
	if a.File.Path != "" {
		where = a.File.Path
	}
	return row{
		id: "alert:" + a.ID, find: a.Rule + " " + a.Output + " " + where, value: a.Output, subject: a.Subject, mark: a.ID,
		path: imagePath(a.File), layer: a.File.Layer, raw: blobPart("alert as received", a.Raw), object: a,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{
				{Text: "ALERT", Tone: widget.ToneBad, Width: 5},
				{Text: "!", Tone: widget.ToneBad, Width: m.p.SignWidth()},
				{Text: a.Rule + times(a.Count), Width: -1},
				{Text: where, Tone: widget.ToneNote, Width: min(max(1, len(where)), max(1, w/2)), Tail: true},
			}
		},
		detail: func(d *widget.Document) { alertDetail(d, a) },
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

func alertDetail(d *widget.Document, a inspect.Alert) {
	d.Say(widget.ToneBad, a.Rule)
	d.Field("priority", a.Priority)
	when := stamp(a.Time)
	if a.Imprecise {
		when += " (imprecise: the line has no date or no zone)"
	}
	d.Field("time", when)
	d.Field("source", a.Source)
	if a.Count > 1 {
		d.Field("said", fmt.Sprintf("%d times", a.Count))
	}
	d.Field("matched by", strings.TrimSpace(a.Match+" "+a.Why))
	d.Field("container", strings.TrimSpace(a.Container+" "+a.ContainerID))
	if a.File.Path != "" || a.Path != "" {
		d.Heading("Where the file is")
		d.Field("path", firstOf(a.File.Path, a.Path))
		d.Outcome(signOf(originStatus(a.File)), firstOf(a.File.Origin, inspect.OriginUnknown), a.File.Detail)
		if a.File.Layer >= 0 && a.File.Origin != "" {
			d.Field("layer", fmt.Sprint(a.File.Layer))
		}
		d.Field("sha256", a.File.SHA256)
	}
	d.Heading("As received")
	d.Say(widget.TonePlain, a.Output)
	if len(a.Flags) > 0 {
		d.Field("flags", strings.Join(a.Flags, " "))
	}
}

// originStatus: a file of the image is found for certain, and that is no good news; all else is open.
func originStatus(f inspect.AlertFile) inspect.Status {
	if f.Origin == inspect.OriginImage {
		return inspect.Failed
	}
	return inspect.Unknown
}
