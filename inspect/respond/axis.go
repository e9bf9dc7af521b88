package respond

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Axis puts all that has a time on one axis, oldest first: the moments that checks found, alerts that no check has
// placed, notes, and the report clocks that a person started with their deadlines. now decides how much time is left.
// Of equal times the order is that of the case.
func Axis(c *inspect.Case, now time.Time) []inspect.Moment {
	all := slices.Clone(c.Timeline)
	for _, a := range c.Alerts {
		placed := slices.ContainsFunc(c.Timeline, func(m inspect.Moment) bool {
			return m.Trust == inspect.ByAlert && m.Time.Equal(a.Time.Time)
		})
		if !placed && !a.Time.IsZero() {
			all = append(all, AlertMoment(a))
		}
	}
	for _, n := range c.Notes {
		all = append(all, inspect.Moment{Time: n.Time, What: noteWords(n), Source: n.Author, Trust: inspect.ByUs})
	}
	for _, k := range c.Clocks {
		all = append(all, momentsOf(k, now)...)
	}
	all = append(all, published(c)...)
	slices.SortStableFunc(all, func(a, b inspect.Moment) int { return a.Time.Compare(b.Time.Time) })
	return all
}

// maxPublished bounds the publications of vulnerabilities on the axis: an old base has thousands, and only the gravest
// help to see whether something was known when the image was built or let in.
const maxPublished = 20

// published are the times at which known compromises and grave vulnerabilities of the images were published: those past
// a threshold, known to be exploited, critical or high. Beside the build and the rollout they show what could be known
// then. The dates are those of the databases. One that concerns several packages is one moment.
func published(c *inspect.Case) []inspect.Moment {
	var all []inspect.Moment
	at, more := map[string]int{}, map[string]int{}
	add := func(kind, id, subject, source string, t inspect.Time) {
		if t.IsZero() {
			return
		}
		if _, ok := at[id]; ok {
			more[id]++
			return
		}
		at[id] = len(all)
		all = append(all, inspect.Moment{
			Time: t, What: kind + " " + id + " published: " + subject, Source: source, Trust: inspect.ByClaim,
		})
	}
	for _, i := range c.Images {
		for _, a := range i.Advisories {
			if !a.Withdrawn {
				add("known compromise", a.ID, a.Subject, a.Source, a.Published)
			}
		}
	}
	compromises := len(all)
	for _, i := range c.Images {
		for _, v := range i.Vulns { // in the order in which people need them
			if _, known := at[v.ID]; grave(v) && (known || len(all) < compromises+maxPublished) {
				add("vulnerability", v.ID, v.Package+" "+v.Version, "vulnerability database", v.Published)
			}
		}
	}
	for id, n := range more {
		all[at[id]].What += fmt.Sprintf(" and %d more", n)
	}
	return all
}

// grave reports whether a vulnerability is worth a moment: an old base has thousands that are not. Thresholds count as
// they were applied in the case, those that a person named or the default.
func grave(v inspect.Vuln) bool {
	return v.KEV || v.Threshold == inspect.LevelBlock || v.Threshold == inspect.LevelWarn ||
		v.Severity == inspect.Critical || v.Severity == inspect.High
}

// AlertMoment is an alert on the axis, at the time at which it was raised first.
func AlertMoment(a inspect.Alert) inspect.Moment {
	what := "alert: " + a.Name()
	if a.Imprecise {
		what += " (its time has no date or no zone)"
	}
	return inspect.Moment{Time: a.Time, What: what, Source: cmp.Or(a.Source, "alert"), Trust: inspect.ByAlert}
}

// noteWords are the note in one line, its breaks and runs of blanks as one blank.
func noteWords(n inspect.Note) string {
	about := "note: "
	if n.Subject == inspect.SubjectRuntime {
		about = "run-time state "
	}
	return strings.Join(strings.Fields(about+n.Mark+" "+n.Text), " ")
}

// momentsOf are the clock on the axis: that a person became aware, what is due, and that it was withdrawn. A clock that
// was withdrawn has no deadlines any more, and its start stays.
func momentsOf(c inspect.Clock, now time.Time) []inspect.Moment {
	by := c.Author + ": " + c.Reason
	title := Title(c.Regime) + " clock"
	all := []inspect.Moment{{
		Time: c.Aware, What: title + " started: aware; it " + Binds(c.Regime), Source: by,
		Trust: inspect.ByUs,
	}}
	if w := c.Withdrawn; w != nil {
		return append(all, inspect.Moment{
			Time: w.Time, What: title + " withdrawn", Source: w.Author + ": " + w.Reason,
			Trust: inspect.ByUs,
		})
	}
	for _, d := range Deadlines(c) {
		if !d.Due.IsZero() {
			all = append(all, inspect.Moment{
				Time: d.Due, What: d.Left(now) + ": " + d.What + " by " + Title(c.Regime),
				Source: d.Rule, Trust: inspect.ByUs,
			})
		}
	}
	return all
}
