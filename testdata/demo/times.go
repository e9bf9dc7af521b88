package shop

import "time"

// on is a time of a day in the month in which it happened, in UTC.
func on(day, hour, minute, second int) time.Time {
	return time.Date(2026, time.May, day, hour, minute, second, 0, time.UTC)
}

// at is a time of the day on which it happened.
func at(hour, minute, second int) time.Time { return on(14, hour, minute, second) }

// baseBuilt is when Debian's base was built, three days before.
func baseBuilt() time.Time { return on(11, 0, 0, 0) }

// founded is when the shop's authority and log began, and ends is long after.
func founded() time.Time { return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) }
func ends() time.Time    { return time.Date(2036, time.January, 1, 0, 0, 0, 0, time.UTC) }
