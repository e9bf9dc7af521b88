package pane

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// evidenceRows lists what was not collected, which vanishes, before what was, and each thing as it was received.
// Within the two parts the order is that of respond.PreservedOf: what vanishes first from a cluster comes first.
func evidenceRows(v View) []Row {
	var rows []Row
	kinds := respond.PreservedOf(v.Case)
	slices.SortStableFunc(kinds, func(a, b respond.Preserved) int {
		missing := func(k respond.Preserved) int {
			if k.Kept > 0 {
				return 1
			}
			return 0
		}
		return missing(a) - missing(b)
	})
	for _, k := range kinds {
		rows = append(rows, preservedRow(v, k))
	}
	return append(rows, exhibitRows(v)...)
}

// preservedRow is one kind of evidence: what of it was collected, and what was not. Kept counts what was collected,
// Lost what was looked for in vain, Whole a kind of which nothing can be collected at all. Only the first reason fits
// into the row; the detail has all.
func preservedRow(v View, k respond.Preserved) Row {
	// something was collected, and nothing was lost
	kind, text, t := "collected", widget.Plural(k.Kept, k.Word), widget.TonePlain
	lost := widget.Plural(k.Lost, k.Word)
	// how many there are is not known
	if k.Whole {
		lost = k.Word + "s"
	}
	switch {
	case k.Lost > 0 && k.Kept == 0:
		kind, text, t = "missing", lost, widget.ToneWarn
	case k.Lost > 0:
		text, t = text+", not collected: "+fmt.Sprint(k.Lost), widget.ToneWarn
	}
	if len(k.Why) > 0 {
		text += " (" + k.Why[0] + ")"
	}
	return Row{
		ID: "preserved:" + k.Word, Text: kind + " " + text, Value: text, Layer: -1, Object: k,
		Line: func(w int) []widget.Cell {
			cells := []widget.Cell{
				{Width: v.Paint.SignWidth()},
				{Text: kind, Tone: widget.ToneDim, Width: kindWidth},
				{Text: text, Tone: t, Width: -1},
			}
			if w > 66 { // "1 log, not collected" matters more than when
				cells = append(cells, widget.Cell{
					Text: label.Clock(k.First), Tone: widget.ToneDim, Width: 9,
					Right: true,
				})
			}
			return cells
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, upperFirst(kind)+": "+text)
			d.Field("first", label.Stamp(k.First))
			d.Field("last", label.Stamp(k.Last))
			if len(k.Why) > 0 {
				d.Heading("Not collected")
				d.Bullets(k.Why)
			}
			d.Gap()
			d.Say(widget.ToneDim, "Sorted by how soon they vanish from the cluster.")
		},
	}
}

// upperFirst begins a sentence with a word.
func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// exhibitRows lists what was collected as it was received: cluster objects, logs. Paths are those below data/ in the
// bundle. Their digests are of what was kept, after secrets were taken out.
func exhibitRows(v View) []Row {
	var rows []Row
	exhibits := slices.Clone(v.Case.Exhibits)
	slices.SortStableFunc(exhibits, func(a, b inspect.Exhibit) int { return a.Kept.Compare(b.Kept.Time) })
	for _, x := range exhibits {
		if x.Missing != "" {
			// counted above, with the reason
			continue
		}
		rows = append(rows, Row{
			ID: "exhibit:" + x.Path, Text: "collected " + x.Path + " " + x.Source, Value: x.Digest, Layer: -1,
			Object: x, Raw: viewer.Blob(x.Path, x.Digest),
			Line: func(w int) []widget.Cell {
				cells := []widget.Cell{
					{Width: v.Paint.SignWidth()},
					{Text: "collected", Tone: widget.ToneDim, Width: kindWidth},
					{Text: x.Path, Width: -1},
					{Text: label.Size(x.Size), Tone: widget.ToneDim, Width: 9, Right: true},
				}
				if w > 66 {
					cells = append(cells, widget.Cell{
						Text: label.Clock(x.Kept), Tone: widget.ToneDim, Width: 9,
						Right: true,
					})
				}
				return cells
			},
			Detail: func(d *widget.Document) {
				d.Say(widget.ToneBold, x.Path)
				d.Field("collected", label.Stamp(x.Kept))
				d.Field("from", x.Source)
				d.Field("digest", x.Digest)
				if len(x.Redacted) > 0 {
					d.Field("redacted", strings.Join(x.Redacted, ", "))
				}
				if x.Truncated {
					d.Say(widget.ToneWarn, "Truncated at a size limit.")
				}
			},
		})
	}
	return rows
}
