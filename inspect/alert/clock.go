package alert

import (
	"strconv"
	"strings"
	"time"
)

// The forms of time that Falco and Tetragon write, the ISO form of Falco's text with its zone
// without a colon.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"}

// clock reads a time in one of the layouts, or a number of nanoseconds since 1970, which is what
// Falco puts into evt.time.iso8601 in spite of its name. ok is false for anything else.
func clock(s string) (t time.Time, ok bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, plausible(t)
		}
	}
	ns, err := strconv.ParseInt(s, 10, 64)
	if err != nil || ns <= 0 {
		return time.Time{}, false
	}
	t = time.Unix(0, ns)
	return t, plausible(t)
}

// plausible keeps out years that RFC 3339 cannot write and numbers that are no nanoseconds.
func plausible(t time.Time) bool {
	return t.Year() >= 2000 && t.Year() < 2200
}

// timeOfDay reads HH:MM:SS.nnnnnnnnn, on that day if it is known. The zone is not: it is taken for UTC,
// so the time is imprecise.
func timeOfDay(s string, day time.Time) (t time.Time, ok bool) {
	clock, err := time.Parse("15:04:05.999999999", s)
	if err != nil {
		return time.Time{}, false
	}
	if day.IsZero() {
		return time.Time{}, true
	}
	y, m, d := day.UTC().Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return midnight.Add(clock.Sub(clock.Truncate(24 * time.Hour))), true
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

// priorityOf gives a priority Falco's own spelling; "" if it is none.
func priorityOf(word string) string {
	for _, p := range []string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"} {
		if strings.EqualFold(p, word) {
			return p
		}
	}
	if strings.EqualFold(word, "Info") {
		return "Informational"
	}
	return ""
}
