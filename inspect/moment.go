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

// Time is a point in time that is written as RFC 3339 in UTC, and as null where it is not known.
type Time struct{ time.Time }

// At makes a Time in UTC.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC()}
}

// Stamp is the time in full, in UTC (RFC 3339), or words where it is not known.
func (t Time) Stamp() string {
	if t.IsZero() {
		return "unknown time"
	}
	return t.UTC().Format(time.RFC3339)
}

// MarshalJSON writes RFC 3339 in UTC, or null for the zero time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(time.RFC3339Nano) + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*t = Time{}
		return nil
	}
	if err := t.Time.UnmarshalJSON(b); err != nil {
		return fmt.Errorf("reading a time: %w", err)
	}
	t.Time = t.UTC()
	return nil
}
