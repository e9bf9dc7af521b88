package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// trustTone: how far a time can be trusted.
func trustTone(trust string) widget.Tone {
	switch trust {
	case inspect.BySignature:
		return widget.ToneGood
	case inspect.ByAlert:
		return widget.ToneBad
	case inspect.ByClaim:
		return widget.ToneWarn
	default:
		return widget.ToneNote
	}
}

func timelineRows(m *Model, s *caseScreen) []row {
	all := s.c.Axis(m.now)
	rows := make([]row, 0, len(all)+1)
	for at, x := range all {
		gap := ""
		if at > 0 {
			gap = gapText(x.Time.Sub(all[at-1].Time.Time))
		}
		ahead := x.Time.After(m.now)
		if ahead && (at == 0 || !all[at-1].Time.After(m.now)) {
			rows = append(rows, nowRow(m.now))
		}
		rows = append(rows, momentRow(x, gap, len(all), ahead))
	}
	return rows
}

// nowRow parts what was from what is due.
func nowRow(now time.Time) row {
	text := "now"
	return row{
		id: "moment:now", find: text, value: stamp(inspect.At(now)), layer: -1,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: strings.Repeat("─", 14), Tone: widget.ToneDim}, {Text: text, Tone: widget.ToneNote}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "Now")
			d.Field("time", stamp(inspect.At(now)))
			d.Gap()
			d.Say(widget.TonePlain, "What stands below is due: by the report clocks that a person started.")
		},
	}
}

// gapText says how long after the one before.
func gapText(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return "+" + ageText(d)
}

func momentRow(x inspect.Moment, gap string, of int, ahead bool) row {
	point := "●"
	if ahead {
		point = "○"
	}
	return row{
		id: "moment:" + x.Time.String() + x.What + x.Source, find: x.What + " " + x.Source + " " + x.Trust, value: stamp(x.Time) + " " + x.What, layer: -1, object: x,
		cells: func(w int) []widget.Cell {
			when := widget.Cell{Text: stamp(x.Time), Width: 20}
			if w < 60 {
				when = widget.Cell{Text: x.Time.UTC().Format("01-02 15:04:05"), Width: 14}
			}
			cells := []widget.Cell{when, {Text: gap, Tone: widget.ToneDim, Width: 7, Right: true}, {Text: point, Tone: trustTone(x.Trust), Width: 1}, {Text: x.What, Width: -1}}
			if w > 66 {
				cells = append(cells, widget.Cell{Text: x.Trust, Tone: trustTone(x.Trust), Width: 8})
			}
			return cells
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, x.What)
			d.Field("time", stamp(x.Time))
			d.Field("after", gap)
			d.Field("source", x.Source)
			d.Field("trust", trustText(x.Trust))
			d.Gap()
			d.Say(widget.ToneDim, fmt.Sprintf("%s on this axis, oldest first.", widget.Plural(of, "moment")))
		},
	}
}

// trustText says what the time rests on.
func trustText(trust string) string {
	switch trust {
	case inspect.BySignature:
		return "signed: the time is part of what was verified"
	case inspect.ByCluster:
		return "the cluster says so"
	case inspect.ByRegistry:
		return "the registry says so"
	case inspect.ByAlert:
		return "the alert says so"
	case inspect.ByClaim:
		return "a claim: whoever made the image could write anything"
	case inspect.ByUs:
		return "local: this machine's clock"
	default:
		return trust
	}
}
