package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// moments puts everything that has a time on one axis: what checks say, the alerts where no check has placed them,
// and notes.
func moments(s *caseScreen) []inspect.Moment {
	all := slices.Clone(s.c.Timeline)
	byAlert := slices.ContainsFunc(all, func(m inspect.Moment) bool { return m.Trust == inspect.ByAlert })
	for _, a := range s.c.Alerts {
		if !byAlert && !a.Time.IsZero() {
			all = append(all, inspect.Moment{Time: a.Time, What: "alert: " + a.Rule, Source: firstOf(a.Source, "alert"), Trust: inspect.ByAlert})
		}
	}
	for _, n := range s.c.Notes {
		all = append(all, inspect.Moment{Time: n.Time, What: strings.Join(strings.Fields("note: "+n.Mark+" "+n.Text), " "), Source: n.Author, Trust: inspect.ByUs})
	}
	slices.SortStableFunc(all, func(a, b inspect.Moment) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	return all
}

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

func timelineRows(_ *Model, s *caseScreen) []row {
	all := moments(s)
	rows := make([]row, 0, len(all))
	for at, x := range all {
		gap := ""
		if at > 0 {
			gap = gapText(x.Time.Sub(all[at-1].Time.Time))
		}
		rows = append(rows, momentRow(s, x, gap))
	}
	return rows
}

// gapText says how long after the one before.
func gapText(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return "+" + ageText(d)
}

func momentRow(s *caseScreen, x inspect.Moment, gap string) row {
	return row{
		id: "moment:" + x.Time.String() + x.What + x.Source, find: x.What + " " + x.Source + " " + x.Trust, value: stamp(x.Time) + " " + x.What, layer: -1, object: x,
		cells: func(w int) []cell {
			when := cell{text: stamp(x.Time), width: 20}
			if w < 60 {
				when = cell{text: x.Time.UTC().Format("01-02 15:04:05"), width: 14}
			}
			cells := []cell{when, {text: gap, tone: toneDim, width: 7, right: true}, {text: "●", tone: trustTone(x.Trust), width: 1}, {text: x.What, width: -1}}
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
			d.say(toneDim, fmt.Sprintf("%s on this axis, oldest first.", plural(len(moments(s)), "moment")))
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
