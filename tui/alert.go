package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

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
				{text: "ALERT", tone: toneBad, width: 5},
				{text: "!", tone: toneBad, width: m.p.signWidth()},
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
		d.status(signOf(originStatus(a.File)), firstOf(a.File.Origin, inspect.OriginUnknown), a.File.Detail)
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
