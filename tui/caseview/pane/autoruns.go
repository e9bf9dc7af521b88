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

// AutorunsMode is what the list of autoruns shows: what is new or has a severity, or all. The title names the filter,
// because a list that leaves something out must never pass for all there is.
func AutorunsMode(v View) string {
	if v.narrowed() {
		return ", new since the " + comparedWith(v) + " or of medium severity and more"
	}
	return ", all"
}

// narrowed reports whether the autoruns pane leaves out what the image that it is compared with has too. Without an
// image to compare with, nothing is known to be old, and so everything is shown.
func (v View) narrowed() bool {
	return !v.Whole && slices.ContainsFunc(v.Image().Autoruns, func(a inspect.Autorun) bool { return a.New != nil })
}

// autorunRows lists what starts by itself, worst first. While the list is narrowed, what the compared image has too
// is left out, unless it is of medium severity or worse: an attacker may have been in that image already.
func autorunRows(v View) []Row {
	list := slices.Clone(v.Image().Autoruns)
	if v.narrowed() {
		list = slices.DeleteFunc(list, func(a inspect.Autorun) bool {
			return !a.Since() && a.Severity.Rank() > inspect.Medium.Rank()
		})
	}
	slices.SortStableFunc(list, func(a, b inspect.Autorun) int {
		switch v.Sort {
		case 1:
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Path, b.Path))
		case 2:
			return -cmp.Compare(a.Layer, b.Layer)
		default:
			return 0 // the case has them worst first
		}
	})
	rows := make([]Row, len(list))
	for at, a := range list {
		rows[at] = autorunRow(v, a)
	}
	return rows
}

// autorunRow is one of them. New ones have a plus. The identity has kind, path and command, since one file may start
// several things and one command may be started by several. The command goes first where there is no room: it is in
// the detail.
func autorunRow(v View, a inspect.Autorun) Row {
	name, sign := cmp.Or(a.Path, a.Command), " "
	text := strings.Join([]string{
		name, a.Kind, a.Trigger, a.Command, a.Owner, string(a.Severity),
		strings.Join(a.Codes, " "),
	}, " ")
	if a.Since() {
		sign, text = "+", text+" new"
	}
	return Row{
		ID: "autorun:" + a.Kind + ":" + a.Path + ":" + a.Command, Text: text, Value: name, Container: v.Container,
		Mark: name, Path: a.Path, Layer: a.Layer,
		Object: a,
		Line: func(w int) []widget.Cell {
			cells := []widget.Cell{
				{Text: label.Severity(a.Severity), Tone: label.SeverityTone(a.Severity), Width: 4},
				{Text: sign, Tone: widget.ToneNote, Width: 1},
				{Text: name, Width: -3, Tail: a.Path != ""},
			}
			// else the command would leave too little of the path
			if w > 56 {
				cells = append(cells, widget.Cell{Text: a.Command, Tone: widget.ToneDim, Width: -2})
			}
			return append(cells, widget.Cell{Text: a.Kind, Tone: widget.ToneDim, Width: 12},
				widget.Cell{Text: label.Layer(a.Layer), Tone: widget.ToneNote, Width: 3, Right: true})
		},
		Detail: func(d *widget.Document) { autorunDetail(d, v, a) },
	}
}

// autorunDetail writes one of them: what starts it, its code, whose it is, and whether it is new. What the image's
// config starts has no file, and so neither digest nor path.
func autorunDetail(d *widget.Document, v View, a inspect.Autorun) {
	d.Say(widget.ToneBold, cmp.Or(a.Path, "the image's config"))
	d.Outcome(label.Row(a.Status), label.RowWords(a.Status, a.Severity), "")
	d.Say(widget.TonePlain, strings.TrimSpace(a.Trigger))
	d.Gap()
	d.Say(widget.TonePlain, a.Detail)
	d.Heading("Command or code")
	d.Say(widget.TonePlain, a.Command)
	if len(a.Codes) > 0 {
		d.Heading("Signs")
	}
	for _, c := range a.Codes {
		d.Put(widget.TonePlain, "• ", codeText(c))
	}
	d.Heading("Where it is from")
	d.Field("kind", a.Kind)
	d.Field("owner", cmp.Or(a.Owner, "no package owns it"))
	d.Field("new", newWord(v, a))
	if a.Layer >= 0 {
		d.Field("layer", fmt.Sprint(a.Layer))
	}
	d.Field("step", label.Step(a.CreatedBy))
	d.Field("sha256", a.SHA256)
	if a.Path != "" {
		alertsOn(d, v, a.Path)
	}
	notesOn(d, v, cmp.Or(a.Path, a.Command))
}

// Unknown is worded apart from no: an image without a predecessor has nothing that is known to be old.
func newWord(v View, a inspect.Autorun) string {
	switch {
	case a.New == nil:
		return "not known: nothing to compare with"
	case *a.New:
		return "yes, since the " + comparedWith(v)
	default:
		return "no, the " + comparedWith(v) + " has it too"
	}
}
