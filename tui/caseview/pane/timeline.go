package pane

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// trustTone: how far a time can be trusted. Green is for times inside of what was verified, as an integrated time of
// a transparency log.
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

// timelineRows puts all times of the case on one axis, past and due. The row "now" is there only where something is
// due, since the last row is the newest otherwise.
func timelineRows(v View) []Row {
	all := respond.Axis(v.Case, v.Now)
	alerts := map[inspect.Moment]inspect.Alert{}
	for _, a := range v.Case.Alerts {
		alerts[respond.AlertMoment(a)] = a
	}
	rows := make([]Row, 0, len(all)+1)
	for at, x := range all {
		gap := ""
		// the first moment has none before it
		if at > 0 {
			gap = gapText(x.Time.Sub(all[at-1].Time.Time))
		}
		// only deadlines lie ahead, or times that a clock elsewhere got wrong
		ahead := x.Time.After(v.Now)
		if ahead && (at == 0 || !all[at-1].Time.After(v.Now)) {
			rows = append(rows, nowRow(v.Now))
		}
		r := momentRow(x, gap, len(all), ahead, v.Now.UTC().Year())
		if a, ok := alerts[x]; ok {
			r = alertMoment(v, r, a)
		}
		rows = append(rows, r)
	}
	return rows
}

// alertMoment is the row of an alert: it leads where the alert's own row in Overview leads, has its detail and what was
// received, and shows how often it was raised.
func alertMoment(v View, moment Row, a inspect.Alert) Row {
	r := alertRow(v, a)
	times := label.Times(a.Count)
	if a.Last.After(a.Time.Time) {
		times += ", the last at " + label.Clock(a.Last)
	}
	r.ID, r.Text, r.Value = moment.ID, moment.Text+" "+r.Text, moment.Value
	r.Line = func(w int) []widget.Cell {
		cells := moment.Line(w)
		cells[whatCell].Text += times
		return cells
	}
	return r
}

// nowRow separates the past from what is due.
func nowRow(now time.Time) Row {
	text := "now"
	return Row{
		ID: "moment:now", Text: text, Value: label.Stamp(inspect.At(now)), Layer: -1,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				{Text: strings.Repeat("─", 14), Tone: widget.ToneDim},
				{Text: text, Tone: widget.ToneNote},
			}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "Now")
			d.Field("time", label.Stamp(inspect.At(now)))
			d.Gap()
			d.Say(widget.TonePlain, "Below are the reporting deadlines that a person has started.")
		},
	}
}

// gapText is how long after the previous moment.
func gapText(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return "+" + label.Age(d)
}

// whatCell is the place of the words among the cells of a moment.
const whatCell = 3

// momentRow is one time, with its distance from the one before and where it comes from. Below 60 columns year and
// zone are left out: the title of the pane has UTC. A moment of another year than this has its date alone.
func momentRow(x inspect.Moment, gap string, of int, ahead bool, year int) Row {
	point := "●"
	if ahead {
		point = "○"
	}
	return Row{
		ID: "moment:" + x.Time.String() + x.What + x.Source, Text: x.What + " " + x.Source + " " + x.Trust,
		Value: label.Stamp(x.Time) + " " + x.What, Layer: -1, Object: x,
		Line: func(w int) []widget.Cell {
			when := widget.Cell{Text: label.Stamp(x.Time), Width: 20}
			if w < 60 {
				form := "01-02 15:04:05"
				if x.Time.UTC().Year() != year {
					form = time.DateOnly
				}
				when = widget.Cell{Text: x.Time.UTC().Format(form), Width: 14}
			}
			cells := []widget.Cell{
				when,
				{Text: gap, Tone: widget.ToneDim, Width: 7, Right: true},
				{Text: point, Tone: trustTone(x.Trust), Width: 1},
				{Text: x.What, Width: -1},
			}
			if w > 66 {
				cells = append(cells, widget.Cell{Text: x.Trust, Tone: trustTone(x.Trust), Width: 8})
			}
			return cells
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, x.What)
			d.Field("time", label.Stamp(x.Time))
			d.Field("after", gap)
			d.Field("source", x.Source)
			d.Field("trust", trustText(x.Trust))
			d.Gap()
			d.Say(widget.ToneDim, fmt.Sprintf("%s on this timeline, oldest first.", widget.Plural(of, "moment")))
		},
	}
}

// trustText is where a time comes from. A kind of trust that a later version adds is shown as it is.
func trustText(trust string) string {
	switch trust {
	case inspect.BySignature:
		return "signed: the time is part of what was verified"
	case inspect.ByCluster:
		return "recorded by the cluster"
	case inspect.ByRegistry:
		return "recorded by the registry"
	case inspect.ByAlert:
		return "reported by the alert"
	case inspect.ByClaim:
		return "self-reported, unauthenticated"
	case inspect.ByUs:
		return "local: this machine's clock"
	default:
		return trust
	}
}
