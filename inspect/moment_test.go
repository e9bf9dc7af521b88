package inspect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Times are written in UTC and read from any offset.
func TestTimesAreUTC(t *testing.T) {
	for in, want := range map[string]string{
		`"2026-05-14T14:09:00Z"`:            `"2026-05-14T14:09:00Z"`,
		`"2026-05-14T16:09:00+02:00"`:       `"2026-05-14T14:09:00Z"`,
		`"2026-05-14T00:09:00-05:00"`:       `"2026-05-14T05:09:00Z"`,
		`"2026-05-14T14:09:00.000000001Z"`:  `"2026-05-14T14:09:00.000000001Z"`,
		`"2026-05-14T14:09:00.500Z"`:        `"2026-05-14T14:09:00.5Z"`,
		`null`:                              `null`,
		`"0001-01-01T00:00:00Z"`:            `null`, // the zero time of Go, as tools write that know none
		`"9999-12-31T23:59:59Z"`:            `"9999-12-31T23:59:59Z"`,
		`"0000-01-01T00:00:00Z"`:            `"0000-01-01T00:00:00Z"`,
		`"9999-12-31T23:59:59-00:01"`:       `null`, // in UTC the year 10000, which RFC 3339 cannot write
		`"0000-01-01T00:00:00+00:01"`:       `null`, // the year before 0
		`"9999-12-31T23:59:59.999999999Z"`:  `"9999-12-31T23:59:59.999999999Z"`,
		`"2016-12-31T23:59:59.9999999999Z"`: `"2016-12-31T23:59:59.999999999Z"`,
	} {
		var read Time
		if err := json.Unmarshal([]byte(in), &read); err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		b, err := json.Marshal(read)
		if err != nil || string(b) != want {
			t.Errorf("%s: written as %s, %v, want %s", in, b, err, want)
		}
		if read.Location() != time.UTC {
			t.Errorf("%s: in %s", in, read.Location())
		}
	}
}

func TestWhatIsNoTime(t *testing.T) {
	for _, in := range []string{
		`"14:09"`, `"2026-05-14"`, `"2026-05-14 14:09:00Z"`, `1779026940`, `{}`, `true`, `""`,
		`"2026-13-01T00:00:00Z"`, `"2026-02-30T00:00:00Z"`, `"10000-01-01T00:00:00Z"`,
	} {
		var read Time
		if err := json.Unmarshal([]byte(in), &read); err == nil || !strings.Contains(err.Error(), "reading a time") {
			t.Errorf("%s: %v, %v", in, read, err)
		}
	}
}

// A time that an alert or an image claims far away is not known: its line of the ledger must be readable again.
func TestTimesThatCannotBeWrittenAreNotKnown(t *testing.T) {
	for name, far := range map[string]time.Time{
		"a number of seconds that was one of nanoseconds": time.Unix(1779026940_000_000_000, 0),
		"the year 10000": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"before Christ":  time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
		"an offset":      time.Date(9999, 12, 31, 23, 30, 0, 0, time.FixedZone("", -3600)),
		"the zero time":  {},
	} {
		if got := At(far); !got.IsZero() || got.Stamp() != "unknown time" {
			t.Errorf("%s: %s", name, got.Stamp())
		}
		// One that came in past At is still written so that it can be read.
		line, err := json.Marshal(Event{Seq: 1, Time: Time{far}, Fact: ImageHead{Created: Time{far}}})
		if err != nil {
			t.Fatal(err)
		}
		var back Event
		if err := json.Unmarshal(line, &back); err != nil || !back.Time.IsZero() {
			t.Errorf("%s: %s is read as %v, %v", name, line, back.Time, err)
		}
		list, err := EncodeJSON(PodList{Pods: []FlaggedPod{{Pod: Pod{Created: Time{far}}}}})
		if err != nil || !json.Valid(list) || !strings.Contains(string(list), `"created": null`) {
			t.Errorf("%s: in a list %s, %v", name, list, err)
		}
	}
}

func TestAtKeepsThePointInTime(t *testing.T) {
	local := time.Date(2026, 5, 14, 16, 9, 0, 5, time.FixedZone("CEST", 7200))
	got := At(local)
	if !got.Equal(local) || got.Stamp() != "2026-05-14T14:09:00Z" {
		t.Errorf("%s", got.Stamp())
	}
	if At(got.Time) != got {
		t.Error("a Time made of a Time is another")
	}
}

func TestEarlier(t *testing.T) {
	for _, tt := range []struct{ a, b, want Time }{
		{at(1), at(2), at(1)}, {at(2), at(1), at(1)}, {Time{}, at(2), at(2)}, {at(2), Time{}, at(2)}, {}, {
			at(1),
			at(1), at(1),
		},
	} {
		if got := Earlier(tt.a, tt.b); got != tt.want {
			t.Errorf("%s and %s: %s", tt.a.Stamp(), tt.b.Stamp(), got.Stamp())
		}
	}
}

// The timeline is in the order of time; what has no time stands at its beginning, where it is seen.
func TestTheTimelineIsInOrder(t *testing.T) {
	c := fold(about("", Moment{Time: at(3), What: "alert"}, Moment{What: "built, at an unknown time"},
		Moment{Time: at(1), What: "pushed"},
		Moment{Time: at(3), What: "a pod started"})...)
	var got []string
	for _, m := range c.Timeline {
		got = append(got, m.What)
	}
	if want := []string{"built, at an unknown time", "pushed", "a pod started", "alert"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func ExampleTime_Stamp() {
	var none Time
	fmt.Println(At(time.Date(2026, 5, 14, 16, 9, 0, 0, time.FixedZone("CEST", 2*60*60))).Stamp())
	fmt.Println(none.Stamp())
	// Output:
	// 2026-05-14T14:09:00Z
	// unknown time
}
