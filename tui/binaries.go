package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// suspect is a row of the binaries pane before it is drawn: a program, an altered file or a missing one.
type suspect struct {
	severity inspect.Severity
	rank     int // among the same severity
	path     string
	layer    int
	row      row
}

// binaryRows lists what needs a look, worst first. A file that is both unexpected and altered stands once, as the
// engine lists it among the binaries.
func binaryRows(m *Model, s *caseScreen) []row {
	i := s.image()
	var all []suspect
	listed := map[string]bool{}
	for at, b := range i.Binaries {
		listed[b.Path] = true
		all = append(all, suspect{b.Severity, at, b.Path, b.Layer, binaryRow(m, s, b)})
	}
	for at, a := range i.Altered {
		if !listed[a.Path] {
			all = append(all, suspect{a.Severity, len(i.Binaries) + at, a.Path, a.Layer, alteredRow(m, s, a)})
		}
	}
	for at, x := range i.Missing {
		all = append(all, suspect{x.Severity, len(i.Binaries) + len(i.Altered) + at, x.Path, x.Layer, missingRow(m, s, x)})
	}
	slices.SortStableFunc(all, func(a, b suspect) int {
		worst := cmp.Or(cmp.Compare(a.severity.Rank(), b.severity.Rank()), cmp.Compare(a.rank, b.rank))
		switch s.panes[paneBinaries].sort {
		case 1:
			return cmp.Compare(a.path, b.path)
		case 2:
			return cmp.Or(-cmp.Compare(a.layer, b.layer), worst)
		default:
			return worst
		}
	})
	rows := make([]row, len(all))
	for at, x := range all {
		rows[at] = x.row
	}
	return rows
}

func suspectCells(m *Model, w int, severity inspect.Severity, status inspect.Status, what, path string, layer int, signs string) []widget.Cell {
	cells := []widget.Cell{
		{Text: severityWord(severity), Tone: severityTone(severity), Width: 4},
		m.p.SignCell(signOf(status)),
		{Text: path, Width: -3, Tail: true},
	}
	if w > 46 {
		cells = append(cells, widget.Cell{Text: signs, Tone: widget.ToneDim, Width: -2})
	}
	return append(cells, widget.Cell{Text: what, Tone: widget.ToneDim, Width: 7}, widget.Cell{Text: layerText(layer), Tone: widget.ToneNote, Width: 3, Right: true})
}

func binaryRow(m *Model, s *caseScreen, b inspect.Binary) row {
	path := b.Path + times(b.Count)
	return row{
		id: "binary:" + b.Path, find: b.Path + " " + strings.Join(b.Codes, " ") + " " + string(b.Severity) + " " + b.SHA256, value: b.SHA256, subject: s.subject, mark: b.Path, path: b.Path, layer: b.Layer, object: b,
		cells: func(w int) []widget.Cell {
			return suspectCells(m, w, b.Severity, b.Status, string(b.Kind), path, b.Layer, strings.Join(b.Codes, " "))
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, b.Path)
			d.Outcome(signOf(b.Status), statusWord(b.Status), "severity "+string(b.Severity))
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
			d.Field("size", bytesText(b.Size))
			d.Field("owner", firstOf(b.Owner, "no package names it"))
			d.Field("layer", fmt.Sprint(b.Layer))
			d.Field("step", buildStep(b.CreatedBy))
			d.Field("sha256", b.SHA256)
			alertsOn(d, s, b.Path)
			notesOn(d, s, b.Path)
		},
	}
}

// alertsOn lists the alerts that name a path.
func alertsOn(d *widget.Document, s *caseScreen, path string) {
	first := true
	for _, a := range s.c.Alerts {
		if a.Path != path && a.File.Path != path {
			continue
		}
		if first {
			d.Heading("Alerts that name it")
			first = false
		}
		d.Put(widget.ToneBad, "! ", stamp(a.Time)+" "+a.Priority+" "+a.Rule)
		d.Put(widget.ToneDim, "  ", a.File.Detail)
	}
}

func alteredRow(m *Model, s *caseScreen, a inspect.Altered) row {
	what := "altered"
	if a.Config {
		what = "config"
	}
	return row{
		id: "altered:" + a.Path, find: a.Path + " altered " + a.Package, value: firstOf(a.SHA256, a.Actual), subject: s.subject, mark: a.Path, path: a.Path, layer: a.Layer, object: a,
		cells: func(w int) []widget.Cell {
			return suspectCells(m, w, a.Severity, a.Status, what, a.Path, a.Layer, "not what "+a.Package+" says")
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, a.Path)
			d.Outcome(signOf(a.Status), statusWord(a.Status), "not what its package says")
			d.Gap()
			d.Say(widget.TonePlain, a.Detail)
			d.Field("package", a.Package)
			d.Field("expected", a.Expected+weakness(a.Expected))
			d.Field("actual", a.Actual)
			d.Field("layer", fmt.Sprintf("%d  %s", a.Layer, buildStep(stepOf(s.image(), a.Layer))))
			d.Field("sha256", a.SHA256)
			alertsOn(d, s, a.Path)
			notesOn(d, s, a.Path)
		},
	}
}

// weakness marks a digest that two files can be made to share.
func weakness(sum string) string {
	if strings.HasPrefix(sum, "md5:") || strings.HasPrefix(sum, "sha1:") {
		return " (a weak digest)"
	}
	return ""
}

func missingRow(m *Model, s *caseScreen, x inspect.Missing) row {
	return row{
		id: "missing:" + x.Path, find: x.Path + " missing " + x.Package, value: x.Path, subject: s.subject, mark: x.Path, layer: x.Layer, object: x,
		cells: func(w int) []widget.Cell {
			return suspectCells(m, w, x.Severity, x.Status, "missing", x.Path, x.Layer, "listed by "+x.Package)
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, x.Path)
			d.Outcome(signOf(x.Status), statusWord(x.Status), "listed by its package, and not in the image")
			d.Field("package", x.Package)
			if x.Executable {
				d.Say(widget.ToneWarn, "It was a program.")
			}
			notesOn(d, s, x.Path)
		},
	}
}

// codeText is a sign in words.
func codeText(code string) string {
	words := map[string]string{
		"unowned": "no package names it", "altered": "its content is not what its package says", "not-in-known-good": "the image before does not have it",
		"changed-since-known-good": "its content is another than in the image before", "alerted": "an alert names it", "setuid": "runs with its owner's rights (setuid or setgid)",
		"capability": "carries capabilities", "hidden-path": "in a hidden directory, or under a hidden name", "tmp-path": "in a directory for temporary files",
		"world-writable": "everybody may write it", "packed": "packed", "static-stripped": "static, without symbols", "miner-string": "holds strings of miners",
		"arch-mismatch": "made for another architecture than the image", "shadows-path": "stands earlier in PATH than a program of the same name",
		"loader-hijack": "changes what the loader loads", "entrypoint": "the image's own program", "known-good": "the same as in the confirmed known-good",
		"ownership-unknown": "no package database says what belongs here", "go-module": "a Go program that names its module",
		"deleted": "a later layer deleted it: no container sees it", "runtime": "it came or was changed at run time", "obfuscated": "a script that unpacks what it runs",
	}
	if w, ok := words[code]; ok {
		return w + " (" + code + ")"
	}
	return code
}
