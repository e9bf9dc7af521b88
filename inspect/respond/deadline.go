package respond

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Regimes are those that are known, in their order: as the command line lists them. A regime of a newer version has a
// clock and no deadlines here.
func Regimes() []inspect.Regime { return []inspect.Regime{inspect.NIS2, inspect.CRA, inspect.DORA} }

// Title is the law as people name it, with the article that requires reports; a regime that is not known is its own
// title.
func Title(r inspect.Regime) string {
	switch r {
	case inspect.NIS2:
		return "NIS2 Art. 23"
	case inspect.CRA:
		return "CRA Art. 14"
	case inspect.DORA:
		return "DORA Art. 19"
	default:
		return string(r)
	}
}

// Binds describes who has to report, and what: in the words of the regulation, so that no clock is started that does
// not apply. Whether an incident is significant or severe is for a person to decide.
func Binds(r inspect.Regime) string {
	switch r {
	case inspect.NIS2:
		return "binds essential and important entities, for significant incidents"
	case inspect.CRA:
		return "binds manufacturers of products with digital elements, for actively exploited vulnerabilities and " +
			"severe incidents"
	case inspect.DORA:
		return "binds financial entities, for major incidents"
	default:
		return "whom it binds is not known here"
	}
}

// Deadline is a report that a clock requires. It is advice: what binds is the text of the law, and national law may
// shorten it.
type Deadline struct {
	What string       // early warning
	Due  inspect.Time // the latest; zero where it counts from something that has not happened
	Rule string       // from what it counts
}

// Deadlines are the reports of the clock, in their order. One that counts from an earlier report counts from the
// deadline of that: it is the latest time, and comes sooner if that report was sent sooner.
//
// Sources: NIS2 (Directive (EU) 2022/2555) Art. 23(4), CRA (Regulation (EU) 2024/2847) Art. 14(2) and (4), DORA
// (Regulation (EU) 2022/2554) Art. 19 with its technical standards. Periods in hours run from the moment, without
// regard to weekends.
func Deadlines(c inspect.Clock) []Deadline {
	after := func(hours int) inspect.Time { return inspect.At(c.Aware.Add(time.Duration(hours) * time.Hour)) }
	const counted = "one month after the notification, here after its deadline"
	switch c.Regime {
	case inspect.NIS2:
		return []Deadline{
			{"early warning", after(24), "24 h after becoming aware"},
			{"notification", after(72), "72 h after becoming aware"},
			{"final report", monthAfter(after(72)), counted},
		}
	case inspect.CRA:
		return []Deadline{
			{"early warning", after(24), "24 h after becoming aware"},
			{"notification", after(72), "72 h after becoming aware"},
			{"final report of a severe incident", monthAfter(after(72)), counted},
			{"final report of an exploited vulnerability", inspect.Time{}, "14 days after a fix is available"},
		}
	case inspect.DORA:
		return []Deadline{
			{
				"initial notification", after(24),
				"4 h after it is classified as major, and 24 h after becoming aware at the latest",
			},
			{"intermediate report", after(24 + 72), "72 h after the initial notification, here after its deadline"},
			{
				"final report", monthAfter(after(24 + 72)),
				"one month after the intermediate report, here after its deadline",
			},
		}
	default:
		return nil
	}
}

// monthAfter is the same day of the next month, or its last day where it is shorter (Regulation 1182/71, Art. 3(2)(c)).
func monthAfter(t inspect.Time) inspect.Time {
	next := t.AddDate(0, 1, 0)
	if next.Day() != t.Day() {
		next = next.AddDate(0, 0, -next.Day())
	}
	return inspect.At(next)
}

// Left describes how much time there is at a moment, or by how much it is over: 23 h 59 min left, over by 2 d 3 h, no
// date yet.
func (d Deadline) Left(now time.Time) string {
	switch left := d.Due.Sub(now); {
	case d.Due.IsZero():
		return "no date yet"
	case left < 0:
		return "over by " + span(-left)
	default:
		return span(left) + " left"
	}
}

// span writes a duration in its two largest units, rounded down: time that is left is never made to look longer.
func span(d time.Duration) string {
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	default:
		return fmt.Sprintf("%d min", minutes)
	}
}

// NextDeadline is the first deadline that is not over, else the last that has a date; the zero Deadline for a regime
// that is not known. What was sent is not known here.
func NextDeadline(c inspect.Clock, now time.Time) Deadline {
	var last Deadline
	for _, d := range Deadlines(c) {
		if d.Due.IsZero() {
			continue
		}
		if last = d; !d.Due.Before(now) {
			return d
		}
	}
	return last
}

// StartClock makes the clock that a person starts. reason is required, for whoever reads the record later. One regime
// has one running clock, and the time of becoming aware may not lie in the future. Nothing is started by itself: to
// open a case is not to become aware.
func StartClock(c *inspect.Case, r inspect.Regime, aware, now time.Time, author, reason string) (inspect.Clock, error) {
	doing := "starting the clock of " + string(r)
	reason = strings.TrimSpace(reason)
	running, runs := c.RunningClock(r)
	switch {
	case !slices.Contains(Regimes(), r):
		return inspect.Clock{}, fmt.Errorf("starting a clock: %q is none of nis2, cra, dora", string(r))
	case runs:
		return inspect.Clock{}, fmt.Errorf("%s: it runs already, aware %s according to %s; withdraw that one first",
			doing,
			running.Aware.Format(time.RFC3339), running.Author)
	case reason == "" || strings.TrimSpace(author) == "":
		return inspect.Clock{}, fmt.Errorf("%s: it needs a name and a reason", doing)
	case aware.After(now):
		return inspect.Clock{}, fmt.Errorf("%s: %s lies ahead, it is %s", doing, inspect.At(aware).Format(time.RFC3339),
			inspect.At(now).Format(time.RFC3339))
	}
	return inspect.Clock{
		Regime: r, Aware: inspect.At(aware), Started: inspect.At(now), Author: author,
		Reason: reason,
	}, nil
}

// WithdrawClock ends the running clock of a regime: with a name and a reason, since the start stays on record.
func WithdrawClock(c *inspect.Case, r inspect.Regime, now time.Time, author, reason string) (inspect.Clock, error) {
	k, ok := c.RunningClock(r)
	switch {
	case !ok:
		return inspect.Clock{}, fmt.Errorf("withdrawing the clock of %s: none runs", r)
	case strings.TrimSpace(reason) == "" || strings.TrimSpace(author) == "":
		return inspect.Clock{}, fmt.Errorf("withdrawing the clock of %s: it needs a name and a reason", r)
	}
	k.Withdrawn = &inspect.Withdrawal{Time: inspect.At(now), Author: author, Reason: strings.TrimSpace(reason)}
	return k, nil
}

// ParseAware reads when a person became aware: now, a time of RFC 3339, or HH:MM of today in UTC. A time of day that is
// still to come is an error and not yesterday: a deadline that is a day off is worse than a question.
func ParseAware(words string, now time.Time) (time.Time, error) {
	words = strings.TrimSpace(words)
	if strings.EqualFold(words, "now") {
		return now.UTC(), nil
	}
	if t, err := time.Parse("15:04", words); err == nil {
		y, m, d := now.UTC().Date()
		t = time.Date(y, m, d, t.Hour(), t.Minute(), 0, 0, time.UTC)
		if t.After(now) {
			return t, fmt.Errorf("reading the time %q: %s UTC lies ahead today; name the date too, as in %s", words,
				words, t.AddDate(0, 0, -1).Format(time.RFC3339))
		}
		return t, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, words); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("reading the time %q: %w", text.Clean(words), errNotATime)
}

// errNotATime names the forms that are read: what to try next.
var errNotATime = errors.New("it is now, HH:MM of today in UTC, or a date with time and zone, as in " +
	"2026-11-23T03:12:00Z")
