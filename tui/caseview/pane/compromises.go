package pane

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// compromiseRows lists the known compromises that the image matches, and where lock files differ from what is
// installed, worst first: they stand above all packages. The order is that of severities alone, so that a critical
// lock row stands above a medium advisory.
func compromiseRows(v View) []Row {
	type ranked struct {
		rank int
		row  Row
	}
	var all []ranked
	for _, a := range v.Image().Advisories {
		all = append(all, ranked{a.Severity.Rank(), advisoryRow(v, a)})
	}
	for _, r := range v.Image().Lock {
		all = append(all, ranked{r.Severity.Rank(), lockRow(v, r)})
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	rows := make([]Row, len(all))
	for at, x := range all {
		rows[at] = x.row
	}
	return rows
}

// advisoryRow is a match of a known compromise. The identity has the kind and the subject: one record may match by
// package and by digest, and then has two rows. A record that its publisher withdrew is still shown, and marked so,
// since an older report may have named it.
func advisoryRow(v View, a inspect.Advisory) Row {
	return Row{
		ID: "advisory:" + a.ID + ":" + string(a.Kind) + ":" + a.Subject, Text: a.Subject + " " + a.ID + " " +
			a.Title, Value: a.ID,
		Container: v.Container, Mark: a.ID, Path: pathOf(a.Locations), Layer: a.Layer, Object: a,
		Line: func(w int) []widget.Cell {
			return compromiseCells(w, a.Severity, a.Subject, a.ID+": "+a.Title, a.Layer)
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, a.Subject)
			d.Say(label.SeverityTone(a.Severity), a.Title)
			if a.Withdrawn {
				d.Say(widget.ToneNote, "This record was withdrawn.")
			}
			d.Field("record", a.ID)
			d.Field("source", a.Source)
			d.Field("matched by", string(a.Kind))
			d.Field("published", day(a.Published))
			d.Field("data of", day(a.Data.Date))
			d.Field("data digest", a.Data.Digest)
			if a.Layer >= 0 {
				d.Field("layer", label.Layer(a.Layer)+"  "+label.Step(StepOf(v.Image(), a.Layer)))
			}
			bullets(d, "Found at", a.Locations)
			bullets(d, "Sources", a.Sources)
		},
	}
}

// lockRow is a difference of a lock file and what is installed, or a lock that could not be read. A lock that could
// not be read is a row too: without it, "no difference" would be read out of an empty list.
func lockRow(v View, r inspect.LockRow) Row {
	what := strings.ReplaceAll(string(r.Change), "-", " ")
	name := strings.TrimSpace(r.Name + " " + cmp.Or(r.Installed, r.Locked))
	// nothing was compared: the reason is what there is to know
	if r.Change == inspect.LockUnreadable {
		what, name = "not checked: "+r.Detail, r.File
	}
	return Row{
		ID: "lock:" + r.File + ":" + r.Name + ":" + r.Path + ":" + string(r.Change), Text: name + " " + what + " " +
			r.File, Value: name,
		Container: v.Container, Mark: r.Path, Path: r.Path, Layer: r.Layer, Object: r,
		Line: func(w int) []widget.Cell { return compromiseCells(w, r.Severity, name, what, r.Layer) },
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, name)
			d.Say(label.SeverityTone(r.Severity), what)
			d.Field("lock", r.File)
			d.Field("locked", r.Locked)
			d.Field("installed", r.Installed)
			d.Field("from", r.Resolved)
			d.Field("path", r.Path)
			if r.Layer >= 0 {
				d.Field("layer", label.Layer(r.Layer)+"  "+label.Step(StepOf(v.Image(), r.Layer)))
			}
			if r.Change != inspect.LockUnreadable {
				d.Field("why", r.Detail)
			}
		},
	}
}

// compromiseCells draw a row of either kind: severity, what it is about, what about it. The layer goes first where
// there is no room.
func compromiseCells(w int, severity inspect.Severity, about, what string, layer int) []widget.Cell {
	cells := []widget.Cell{
		{Text: label.Severity(severity), Tone: label.SeverityTone(severity), Width: 4},
		{Text: about, Width: aboutWidth(about, w)},
		{Text: what, Tone: widget.ToneDim, Width: -1},
	}
	if w > 50 {
		cells = append(cells, widget.Cell{Text: label.Layer(layer), Tone: widget.ToneDim, Width: 4, Right: true})
	}
	return cells
}

// aboutWidth gives a name with its version up to half of a row, and no less than two fifths so that the rows line up:
// "xz-utils 5.6…" could be the version that is affected or one that is not.
func aboutWidth(about string, w int) int {
	return max(w*2/5, min(ansi.StringWidth(text.Clean(about)), w/2))
}

// pathOf is the file that a match lies in; empty where it names none. Other locations are purls or digests, which are
// no files of the image.
func pathOf(locations []string) string {
	if len(locations) > 0 && strings.HasPrefix(locations[0], "/") {
		return locations[0]
	}
	return ""
}

// The day is that in UTC; advisories have no time that would mean more.
func day(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func bullets(d *widget.Document, heading string, list []string) {
	if len(list) > 0 {
		d.Heading(heading)
		d.Bullets(list)
	}
}
