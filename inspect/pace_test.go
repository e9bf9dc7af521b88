package inspect

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	var c Case
	var p Pace
	clock := time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC)
	say := func(after time.Duration, e Event) {
		clock = clock.Add(after)
		e.Check = "layers"
		c.Apply(e)
		p.Note(e, clock)
	}
	text := func(want string) {
		t.Helper()
		if got := p.Text(&c, "layers", clock); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	step := func(subject string, after time.Duration, done, total int64) {
		say(after, Event{Subject: subject, Progress: &Progress{Done: done, Total: total, Unit: "bytes"}})
	}
	say(0, Event{Subject: "a", Begin: &Begin{}})
	say(0, Event{Subject: "b", Begin: &Begin{}})
	text("")
	step("a", 0, 0, 100e6)
	text("0% of 100.0 MB")
	step("a", time.Second, 10e6, 100e6)
	text("10% of 100.0 MB")
	step("a", time.Second, 20e6, 100e6)
	text("20% of 100.0 MB, 8 s left")
	step("b", 0, 0, 60e6)
	text("12% of 160.0 MB, 14 s left")
	say(0, Event{Subject: "b", End: &End{Status: Verified}})
	text("20% of 100.0 MB, 8 s left")
	say(0, Event{Subject: "a", End: &End{Status: Verified}})
	text("")
	// Another run starts from nothing, however long ago the first one began.
	say(time.Hour, Event{Subject: "a", Begin: &Begin{}})
	step("a", 0, 0, 30e6)
	step("a", 2*time.Second, 10e6, 30e6)
	text("33% of 30.0 MB, 4 s left")
}
