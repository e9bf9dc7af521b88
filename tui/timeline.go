package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// trustTone: how far a time can be trusted.
func trustTone(trust string) tone {
	switch trust {
	case inspect.BySignature:
		return toneGood
	case inspect.ByAlert:
		return toneBad
	case inspect.ByClaim:
		return toneWarn
	default:
		return toneNote
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
		cells: func(w int) []cell {
			return []cell{{text: strings.Repeat("─", 14), tone: toneDim}, {text: text, tone: toneNote}}
		},
		detail: func(d *document) {
			d.say(toneBold, "Now")
			d.field("time", stamp(inspect.At(now)))
			d.gap()
			d.say(tonePlain, "What stands below is due: by the report clocks that a person started.")
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
		cells: func(w int) []cell {
			when := cell{text: stamp(x.Time), width: 20}
			if w < 60 {
				when = cell{text: x.Time.UTC().Format("01-02 15:04:05"), width: 14}
			}
			cells := []cell{when, {text: gap, tone: toneDim, width: 7, right: true}, {text: point, tone: trustTone(x.Trust), width: 1}, {text: x.What, width: -1}}
			if w > 66 {
				cells = append(cells, cell{text: x.Trust, tone: trustTone(x.Trust), width: 8})
			}
			return cells
		},
		detail: func(d *document) {
			d.say(toneBold, x.What)
			d.field("time", stamp(x.Time))
			d.field("after", gap)
			d.field("source", x.Source)
			d.field("trust", trustText(x.Trust))
			d.gap()
			d.say(toneDim, fmt.Sprintf("%s on this axis, oldest first.", plural(of, "moment")))
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
