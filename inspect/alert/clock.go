package alert

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The forms of time that Falco and Tetragon write, the ISO form of Falco's text with its zone
// without a colon.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"}

// clock reads a time in one of the layouts, or a number of nanoseconds since 1970, which is what
// Falco puts into evt.time.iso8601 in spite of its name; programs that pass it on may write it with
// an exponent. ok is false for anything else.
func clock(s string) (t time.Time, ok bool) {
	if s == "" {
		return time.Time{}, false
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, plausible(t)
		}
	}
	ns, err := strconv.ParseInt(s, 10, 64)
	if err != nil && strings.Contains(s, "e+") {
		var f float64
		if f, err = strconv.ParseFloat(s, 64); err == nil && f < math.MaxInt64 {
			ns = int64(f)
		}
	}
	if err != nil || ns <= 0 {
		return time.Time{}, false
	}
	t = time.Unix(0, ns)
	return t, plausible(t)
}

// instant reads a time as clock does, or a number since 1970 whose unit follows from its size:
// seconds with 9 to 11 digits before the point, milliseconds to 14, microseconds to 17, else
// nanoseconds.
func instant(s string) (t time.Time, ok bool) {
	s = strings.Replace(s, ",", ".", 1)
	if t, err := time.Parse("2006-01-02 15:04:05.999999999Z07:00", s); err == nil {
		return t, plausible(t)
	}
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n <= 0 {
		return clock(s)
	}
	switch digits := len(whole); {
	case digits <= 11:
		nanoseconds, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		t = time.Unix(n, nanoseconds)
	case digits <= 14:
		t = time.UnixMilli(n)
	case digits <= 17:
		t = time.UnixMicro(n)
	default:
		t = time.Unix(0, n)
	}
	return t, plausible(t)
}

// plausible keeps out years that RFC 3339 cannot write and numbers that are no nanoseconds.
func plausible(t time.Time) bool {
	return t.Year() >= 2000 && t.Year() < 2200
}

// moment is what is known of when a line was written.
type moment struct {
	// zero: nothing
	at time.Time
	// near means that a log collector wrote the line at that time, or soon after; else only the day
	// is known.
	near bool
}

// lag is how long a line may be on its way to the log.
const lag = 2 * time.Minute

// timeOfDay reads HH:MM:SS.nnnnnnnnn. Where only the day is known its zone is not: it is taken for
// UTC, and the time is not precise. A line with a time of its log is of that time, in whichever
// zone (they are quarters of an hour apart) fits.
func timeOfDay(s string, seen moment) (t time.Time, precise, ok bool) {
	clock, err := time.Parse("15:04:05.999999999", s)
	if err != nil {
		return time.Time{}, false, false
	}
	if seen.at.IsZero() {
		return time.Time{}, false, true
	}
	y, m, d := seen.at.UTC().Date()
	t = time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(clock.Sub(clock.Truncate(24 * time.Hour)))
	if !seen.near {
		return t, false, true
	}
	t = t.Add(seen.at.Sub(t).Round(15 * time.Minute))
	return t, seen.at.Sub(t).Abs() <= lag, true
}

// head cuts "TIME: Priority rest" into its parts. ok is false if the line does not begin so.
func head(line string) (stamp, priority string, ok bool) {
	stamp, rest, ok := strings.Cut(line, ": ")
	if !ok || len(stamp) < len("15:04:05") || len(stamp) > 40 || strings.ContainsAny(stamp, " \t") {
		return "", "", false
	}
	priority, _, _ = strings.Cut(rest, " ")
	if priority = priorityOf(priority); priority == "" {
		return "", "", false
	}
	return stamp, priority, true
}

// priorityOf returns a priority in Falco's own spelling; "" if word is not one.
func priorityOf(word string) string {
	for _, p := range []string{
		"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug",
	} {
		if strings.EqualFold(p, word) {
			return p
		}
	}
	if strings.EqualFold(word, "Info") {
		return "Informational"
	}
	return ""
}
