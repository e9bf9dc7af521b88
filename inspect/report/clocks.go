package report

import (
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
)

// now is the time by which time left is counted: the style's, else that of the case's newest event, so that a bundle is
// the same whenever it is written.
func (s Style) now(c inspect.Case) time.Time {
	if s.Now.IsZero() {
		return c.AsOf().Time
	}
	return s.Now
}

// clockSection lists the report clocks that a person started, with what is due, and those that were withdrawn.
// Regimes with their legal basis come from inspect; the program gives no legal advice.
func clockSection(c inspect.Case, now time.Time) section {
	s := section{title: "Report clocks (UTC)"}
	for _, k := range c.Clocks {
		i := item{mark: "! running", status: inspect.Unknown, title: respond.Title(k.Regime) + ": aware " +
			k.Aware.Stamp()}
		i.lines = append(i.lines, "it "+respond.Binds(k.Regime),
			"started "+k.Started.Stamp()+" by "+k.Author+": "+k.Reason)
		if w := k.Withdrawn; w != nil {
			i.mark, i.status = "– withdrawn", inspect.Absent
			i.lines = append(i.lines, "withdrawn "+w.Time.Stamp()+" by "+w.Author+": "+w.Reason)
			s.item(i)
			continue
		}
		for _, d := range respond.Deadlines(k) {
			due := d.Left(now)
			if !d.Due.IsZero() {
				due = d.Due.Stamp() + ", " + due
			}
			i.lines = append(i.lines, d.What+": "+due+" ("+d.Rule+")")
		}
		s.item(i)
	}
	if len(s.blocks) > 0 {
		s.text("Time left is as of " + inspect.At(now).Stamp() +
			". What was sent is not known here. This is no legal advice.")
	}
	return s
}

// briefClocks is the next deadline of each running clock, the most urgent first.
// It returns false where no deadline was started: none starts by itself.
func briefClocks(c inspect.Case, now time.Time) (briefLine, bool) {
	running := slices.DeleteFunc(slices.Clone(c.Clocks), func(k inspect.Clock) bool { return k.Withdrawn != nil })
	slices.SortStableFunc(running, func(a, b inspect.Clock) int {
		return respond.NextDeadline(a, now).Due.Compare(respond.NextDeadline(b, now).Due.Time)
	})
	var parts []string
	for _, k := range running {
		d := respond.NextDeadline(k, now)
		parts = append(parts, strings.ToUpper(string(k.Regime))+" "+d.What+" "+d.Due.Stamp()+", "+d.Left(now))
	}
	return briefLine{"due", strings.Join(parts, "; "), 1, ""}, len(parts) > 0
}
