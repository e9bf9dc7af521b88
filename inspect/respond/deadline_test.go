package respond_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	. "github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/verdict"
)

func utc(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The deadlines of each law, from the moment that a person names.
func TestDeadlines(t *testing.T) {
	for _, tt := range []struct {
		regime Regime
		aware  string
		due    []string // of each deadline; - where it has no date
	}{
		{NIS2, "2026-11-23T03:12:00Z", []string{
			"2026-11-24T03:12:00Z", "2026-11-26T03:12:00Z",
			"2026-12-26T03:12:00Z",
		}},
		{CRA, "2026-11-23T03:12:00Z", []string{
			"2026-11-24T03:12:00Z", "2026-11-26T03:12:00Z",
			"2026-12-26T03:12:00Z", "-",
		}},
		{DORA, "2026-11-23T03:12:00Z", []string{
			"2026-11-24T03:12:00Z", "2026-11-27T03:12:00Z",
			"2026-12-27T03:12:00Z",
		}},
		// A month that is too short ends with its last day.
		{NIS2, "2027-01-28T10:00:00Z", []string{
			"2027-01-29T10:00:00Z", "2027-01-31T10:00:00Z",
			"2027-02-28T10:00:00Z",
		}},
		{"gdpr", "2026-11-23T03:12:00Z", nil},
	} {
		k := Clock{Regime: tt.regime, Aware: At(utc(t, tt.aware))}
		var got []string
		for _, d := range Deadlines(k) {
			if d.What == "" || d.Rule == "" {
				t.Errorf("%s: %+v", tt.regime, d)
			}
			if d.Due.IsZero() {
				got = append(got, "-")
				continue
			}
			got = append(got, d.Due.Format(time.RFC3339))
		}
		if strings.Join(got, " ") != strings.Join(tt.due, " ") {
			t.Errorf("%s of %s: %v, want %v", tt.regime, tt.aware, got, tt.due)
		}
	}
}

func TestTimeLeft(t *testing.T) {
	k := Clock{Regime: NIS2, Aware: At(utc(t, "2026-11-23T03:00:00Z"))}
	for _, tt := range []struct{ now, what, left string }{
		{"2026-11-23T03:30:00Z", "early warning", "23 h 30 min left"},
		{"2026-11-24T02:59:00Z", "early warning", "1 min left"},
		{"2026-11-24T03:01:00Z", "notification", "1 d 23 h left"},
		{"2027-02-01T03:00:00Z", "final report", "over by 37 d 0 h"},
	} {
		now := utc(t, tt.now)
		if d := NextDeadline(k, now); d.What != tt.what || d.Left(now) != tt.left {
			t.Errorf("%s: %s, %s; want %s, %s", tt.now, d.What, d.Left(now), tt.what, tt.left)
		}
	}
	if got := (Deadline{}).Left(time.Now()); got != "no date yet" {
		t.Error(got)
	}
}

func TestParseAware(t *testing.T) {
	now := utc(t, "2026-11-23T03:12:00Z")
	for text, want := range map[string]string{
		"now": "2026-11-23T03:12:00Z", " NOW ": "2026-11-23T03:12:00Z", "02:40": "2026-11-23T02:40:00Z",
		"03:12":                     "2026-11-23T03:12:00Z",
		"2026-11-22T23:05:00+01:00": "2026-11-22T22:05:00Z", "2026-11-22T23:05Z": "2026-11-22T23:05:00Z",
	} {
		if got, err := ParseAware(text, now); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for text, says := range map[string]string{
		"23:50": "2026-11-22T23:50:00Z", "": "it is now, HH:MM", "25:00": "it is now", "2026-11-22": "time and zone",
		"2026-11-22T23:05:00": "time and zone", "yesterday": "it is now",
	} {
		if _, err := ParseAware(text, now); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseAware(f *testing.F) {
	for _, seed := range []string{
		"now", "03:12", "2026-11-22T23:05:00+01:00", "2026-11-22T23:05Z", "24:00",
		"\x1b[31m",
	} {
		f.Add(seed)
	}
	now := time.Date(2026, 11, 23, 3, 12, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseAware(text, now)
		if err == nil && at.Location() != time.UTC {
			t.Errorf("%q is not in UTC", text)
		}
		if err != nil && strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%q draws in an error", text)
		}
	})
}

// A clock is started once, withdrawn with a reason, and may then be started again; all of it stays in the record.
func TestClocksAreStartedAndWithdrawn(t *testing.T) {
	now := utc(t, "2026-11-23T03:12:00Z")
	var c Case
	for name, start := range map[string]func() (Clock, error){
		"unknown law": func() (Clock, error) { return StartClock(&c, "gdpr", now, now, "ada", "x") },
		"no reason":   func() (Clock, error) { return StartClock(&c, NIS2, now, now, "ada", " ") },
		"no name":     func() (Clock, error) { return StartClock(&c, NIS2, now, now, "", "x") },
		"ahead": func() (Clock, error) {
			return StartClock(&c, NIS2, now.Add(time.Minute), now, "ada", "x")
		},
		"none runs": func() (Clock, error) { return WithdrawClock(&c, NIS2, now, "ada", "x") },
	} {
		if k, err := start(); err == nil {
			t.Errorf("%s: %+v", name, k)
		}
	}
	say := func(k Clock, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		c.Apply(Event{Time: At(now), Fact: k})
		now = now.Add(time.Minute)
	}
	say(StartClock(&c, NIS2, now.Add(-time.Hour), now, "ada", "the CISO was told"))
	if _, err := StartClock(&c, NIS2, now, now, "bob", "again"); err == nil || !strings.Contains(err.Error(),
		"according to ada") {
		t.Errorf("a second one: %v", err)
	}
	say(WithdrawClock(&c, NIS2, now, "bob", "a drill"))
	say(StartClock(&c, NIS2, now, now, "ada", "no drill"))
	say(StartClock(&c, DORA, now, now, "ada", "a bank"))
	if len(c.Clocks) != 3 || c.Clocks[0].Withdrawn == nil || c.Clocks[0].Withdrawn.Author != "bob" ||
		c.Clocks[0].Reason != "the CISO was told" {
		t.Errorf("%+v", c.Clocks)
	}
	if k, ok := c.RunningClock(NIS2); !ok || k.Reason != "no drill" {
		t.Errorf("%+v", k)
	}
	replayed(t, &c)
}

// replayed fails unless a case is the same after its events were written and read again.
func replayed(t *testing.T, c *Case) {
	t.Helper()
	var again Case
	for _, e := range c.Events() {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var read Event
		if err := json.Unmarshal(line, &read); err != nil {
			t.Fatal(err)
		}
		again.Apply(read)
	}
	want, err := verdict.Encode(*c)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := verdict.Encode(again); err != nil || !bytes.Equal(got, want) {
		t.Errorf("replayed: %v\n%s\nwant\n%s", err, got, want)
	}
}
