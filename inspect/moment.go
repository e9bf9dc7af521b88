package inspect

import (
	"bytes"
	"cmp"
	"fmt"
	"time"
)

// Moment is a point on the timeline.
type Moment struct {
	Time   Time   `json:"time"`
	What   string `json:"what"`
	Source string `json:"source"` // who says so, in words: Rekor log entry 30024022, alert, config of the image
	Trust  string `json:"trust"`  // signed, cluster, registry, alert, claimed, local
}

// How far the time of a Moment can be trusted.
const (
	BySignature = "signed"
	ByCluster   = "cluster"
	ByRegistry  = "registry"
	ByAlert     = "alert"
	ByClaim     = "claimed"
	ByUs        = "local"
)

// FactKind is the fact's JSON name.
func (Moment) FactKind() string { return "moment" }

func (m Moment) fold(c *Case, _ Event) {
	upsert(&c.Timeline, m, func(a, b Moment) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.What, b.What), cmp.Compare(a.Source, b.Source))
	})
}

// Time is a point in time that is written as RFC 3339 in UTC, and as null where it is not known. A time that this form
// cannot write counts as not known: an image may claim to be made at 9999-12-31T23:59:59-01:00, which is in the year
// 10000 of UTC, and a line of the ledger with that year could never be read again.
type Time struct{ time.Time }

// At makes a Time in UTC. It is the zero Time where t is zero or past what RFC 3339 can write.
func At(t time.Time) Time {
	if at := (Time{t.UTC()}); at.known() {
		return at
	}
	return Time{}
}

// maxYear is the last year of RFC 3339, section 5.6: date-fullyear has four digits.
const maxYear = 9999

// known reports whether the time is set and has a form in RFC 3339.
func (t Time) known() bool {
	year := t.UTC().Year()
	return !t.IsZero() && year >= 0 && year <= maxYear
}

// Stamp is the time in full, in UTC (RFC 3339), or words where it is not known.
func (t Time) Stamp() string {
	if !t.known() {
		return "unknown time"
	}
	return t.UTC().Format(time.RFC3339)
}

// MarshalJSON writes RFC 3339 in UTC, or null for a time that is not known.
func (t Time) MarshalJSON() ([]byte, error) {
	if !t.known() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(time.RFC3339Nano) + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and any offset from UTC.
func (t *Time) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*t = Time{}
		return nil
	}
	if err := t.Time.UnmarshalJSON(b); err != nil {
		return fmt.Errorf("reading a time: %w", err)
	}
	*t = At(t.Time)
	return nil
}
