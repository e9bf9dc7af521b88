package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// fileRow is a row of the binaries pane with what it is sorted by.
type fileRow struct {
	severity inspect.Severity
	// rank: among the same severity
	rank  int
	path  string
	layer int
	row   Row
}

// binaryRows lists unexpected, altered and missing files, worst first. A file that is both unexpected and altered is
// listed once, among the unexpected ones. The checks emit each list worst first; rank keeps their order within a
// severity, and puts unexpected files before altered and missing ones.
func binaryRows(v View) []Row {
	i := v.Image()
	var all []fileRow
	listed := map[string]bool{}
	for at, b := range i.Binaries {
		listed[b.Path] = true
		all = append(all, fileRow{b.Severity, at, b.Path, b.Layer, binaryRow(v, b)})
	}
	for at, a := range i.Altered {
		// the row of the unexpected file has the same alerts and notes
		if !listed[a.Path] {
			all = append(all, fileRow{a.Severity, len(i.Binaries) + at, a.Path, a.Layer, alteredRow(v, a)})
		}
	}
	for at, x := range i.Missing {
		all = append(all, fileRow{x.Severity, len(i.Binaries) + len(i.Altered) + at, x.Path, x.Layer, missingRow(v, x)})
	}
	slices.SortStableFunc(all, func(a, b fileRow) int {
		// the path alone would be an order too, and one that an image can choose
		worst := cmp.Or(cmp.Compare(a.severity.Rank(), b.severity.Rank()), cmp.Compare(a.rank, b.rank))
		switch v.Sort {
		case 1:
			return cmp.Compare(a.path, b.path)
		case 2:
			return cmp.Or(-cmp.Compare(a.layer, b.layer), worst)
		default:
			return worst
		}
	})
	rows := make([]Row, len(all))
	for at, x := range all {
		rows[at] = x.row
	}
	return rows
}

// fileCells draws a row of this pane. The path keeps its end: the name of the file matters most. The signs go where
// there is no room for them: below 46 columns only severity, path, kind and layer are left.
func fileCells(v View, w int, severity inspect.Severity, status inspect.RowStatus, what, path string, layer int,
	signs string,
) []widget.Cell {
	cells := []widget.Cell{
		{Text: label.Severity(severity), Tone: label.SeverityTone(severity), Width: 4},
		v.Paint.SignCell(label.Row(status)),
		{Text: path, Width: -3, Tail: true},
	}
	if w > 46 {
		cells = append(cells, widget.Cell{Text: signs, Tone: widget.ToneDim, Width: -2})
	}
	return append(cells, widget.Cell{Text: what, Tone: widget.ToneDim, Width: 7},
		widget.Cell{Text: label.Layer(layer), Tone: widget.ToneNote, Width: 3, Right: true})
}

// binaryRow is an unexpected executable, or several from one build step in one tree. Its value, which y copies, is
// the digest: that is what one looks up elsewhere.
func binaryRow(v View, b inspect.Binary) Row {
	path := b.Path + label.Times(b.Count)
	return Row{
		ID: "binary:" + b.Path, Text: b.Path + " " + strings.Join(b.Codes, " ") + " " + string(b.Severity) + " " +
			b.SHA256, Value: b.SHA256, Container: v.Container, Mark: b.Path, Path: b.Path, Layer: b.Layer, Object: b,
		Line: func(w int) []widget.Cell {
			return fileCells(v, w, b.Severity, b.Status, string(b.Kind), path, b.Layer, strings.Join(b.Codes, " "))
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, b.Path)
			d.Outcome(label.Row(b.Status), label.RowWords(b.Status, b.Severity), "")
			if b.Count > 1 {
				d.Say(widget.ToneDim, fmt.Sprintf("One row for %d files of one tree and one build step.", b.Count))
			}
			d.Gap()
			d.Say(widget.TonePlain, b.Detail)
			d.Heading("Signs")
			for _, c := range b.Codes {
				d.Put(widget.TonePlain, "• ", codeText(c))
			}
			d.Heading("The file")
			d.Field("kind", string(b.Kind))
			d.Field("mode", b.Mode)
			d.Field("size", label.Size(b.Size))
			d.Field("owner", cmp.Or(b.Owner, "no package owns it"))
			d.Field("layer", fmt.Sprint(b.Layer))
			d.Field("step", label.Step(b.CreatedBy))
			d.Field("sha256", b.SHA256)
			alertsOn(d, v, b.Path)
			notesOn(d, v, b.Path)
		},
	}
}

// alertsOn lists the alerts that name a path. Both the path as the sensor reported it and the one in the image count:
// a process may have been started through a link.
func alertsOn(d *widget.Document, v View, path string) {
	first := true
	for _, a := range v.Case.Alerts {
		if a.Path != path && a.File.Path != path {
			continue
		}
		if first {
			d.Heading("Alerts that name it")
			first = false
		}
		d.Put(widget.ToneBad, "! ", label.Stamp(a.Time)+" "+a.Priority+" "+a.Rule)
		d.Put(widget.ToneDim, "  ", a.File.Detail)
	}
}

// alteredRow is a file that its package owns, with other content than the package has. A changed configuration file
// is expected to differ (dpkg lists it in Conffiles), so it is worded apart.
func alteredRow(v View, a inspect.Altered) Row {
	what := "altered"
	if a.Config {
		what = "config"
	}
	return Row{
		ID: "altered:" + a.Path, Text: a.Path + " altered " + a.Package, Value: cmp.Or(a.SHA256, a.Actual),
		Container: v.Container, Mark: a.Path, Path: a.Path, Layer: a.Layer, Object: a,
		Line: func(w int) []widget.Cell {
			return fileCells(v, w, a.Severity, a.Status, what, a.Path, a.Layer, "does not match "+a.Package)
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, a.Path)
			d.Outcome(label.Row(a.Status), label.RowWords(a.Status, a.Severity),
				"does not match the checksum of its package")
			d.Gap()
			d.Say(widget.TonePlain, a.Detail)
			d.Field("package", a.Package)
			d.Field("expected", a.Expected+legacyDigest(a.Expected))
			d.Field("actual", a.Actual)
			d.Field("layer", fmt.Sprintf("%d  %s", a.Layer, label.Step(StepOf(v.Image(), a.Layer))))
			d.Field("sha256", a.SHA256)
			alertsOn(d, v, a.Path)
			notesOn(d, v, a.Path)
		},
	}
}

// legacyDigest marks the digests for which two files with the same value can be made. dpkg's md5sums have MD5 and
// apk's database has SHA-1. For both, two files with one value can be made on purpose, so "matches" proves little
// there, while "does not match" is certain.
func legacyDigest(sum string) string {
	if strings.HasPrefix(sum, "md5:") || strings.HasPrefix(sum, "sha1:") {
		return " (legacy digest: collisions are known)"
	}
	return ""
}

// missingRow is a file that its package lists and the image does not have. There is no file to go to, so the row has
// a layer (of its package) and no path.
func missingRow(v View, x inspect.Missing) Row {
	return Row{
		ID: "missing:" + x.Path, Text: x.Path + " missing " + x.Package, Value: x.Path, Container: v.Container,
		Mark: x.Path, Layer: x.Layer, Object: x,
		Line: func(w int) []widget.Cell {
			return fileCells(v, w, x.Severity, x.Status, "missing", x.Path, x.Layer, "listed by "+x.Package)
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, x.Path)
			d.Outcome(label.Row(x.Status), label.RowWords(x.Status, x.Severity),
				"in the file list of its package, but not in the image")
			d.Field("package", x.Package)
			if x.Executable {
				d.Say(widget.ToneWarn, "It was executable.")
			}
			notesOn(d, v, x.Path)
		},
	}
}
