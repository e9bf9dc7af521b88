package engine_test

import (
	"testing"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	. "github.com/backtrail/backtrail/inspect/engine"
)

func TestETA(t *testing.T) {
	var c Case
	var p ETA
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
		say(after, Event{Container: subject, Fact: Progress{Done: done, Total: total, Unit: "bytes"}})
	}
	say(0, Event{Container: "a", Fact: Begin{}})
	say(0, Event{Container: "b", Fact: Begin{}})
	text("")
	step("a", 0, 0, 100e6)
	text("0% of 100.0 MB")
	step("a", time.Second, 10e6, 100e6)
	text("10% of 100.0 MB")
	step("a", time.Second, 20e6, 100e6)
	text("20% of 100.0 MB, 8 s left")
	step("b", 0, 0, 60e6)
	text("12% of 160.0 MB, 14 s left")
	say(0, Event{Container: "b", Fact: End{Status: CheckDone}})
	text("20% of 100.0 MB, 8 s left")
	say(0, Event{Container: "a", Fact: End{Status: CheckDone}})
	text("")
	// Another run starts from nothing, however long ago the first one began.
	say(time.Hour, Event{Container: "a", Fact: Begin{}})
	step("a", 0, 0, 30e6)
	step("a", 2*time.Second, 10e6, 30e6)
	text("33% of 30.0 MB, 4 s left")
}
