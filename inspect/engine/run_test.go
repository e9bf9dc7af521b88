package engine_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	. "github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// collect runs a plan and gives its events and their fold.
func collect(t *testing.T, ctx context.Context, p Plan) ([]Event, *Case) {
	t.Helper()
	if p.Now == nil {
		p.Now = func() time.Time { return time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC) }
	}
	source, err := NewSource(p)
	if err != nil {
		t.Fatal(err)
	}
	var events []Event
	c := &Case{}
	if err := source(ctx, func(e Event) { events = append(events, e); c.Apply(e) }); err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	return events, c
}

// again runs a plan on the case that earlier events made.
func again(t *testing.T, earlier []Event, p Plan) []Event {
	t.Helper()
	l := ledger.New(nil)
	for _, e := range earlier {
		if _, err := l.Append(e.Check, e.Container, e.Fact); err != nil {
			t.Fatal(err)
		}
	}
	var events []Event
	if err := Run(t.Context(), p, l, func(e Event) { events = append(events, e) }); err != nil {
		t.Fatal(err)
	}
	return events
}

// resolver is a check that finds images.
func resolver(subjects ...string) Check {
	return Check{Name: "subject", Scope: PerCase, Resolves: true, Run: func(_ context.Context, _ On,
		emit func(Event),
	) error {
		for _, s := range subjects {
			emit(Event{Container: s, Fact: ImageHead{Container: s, Reference: "example.com/" + s, Status: Verified}})
		}
		return nil
	}}
}

func finds(name string, needs ...string) Check {
	return Check{Name: name, Needs: needs, Run: func(_ context.Context, on On, emit func(Event)) error {
		emit(Event{Fact: Finding{
			ID: FindingID(name, "code", on.Container), Check: name, Code: "code",
			Subject: on.Container, Severity: Low, Status: RowUnknown,
		}})
		return nil
	}}
}

func TestChecksRunForEachImageByTheirNeeds(t *testing.T) {
	var order []string
	last := Check{Name: "answers", Scope: PerCase, Needs: []string{"second"}, Run: func(_ context.Context, on On,
		_ func(Event),
	) error {
		c := on.Case()
		for _, s := range c.Checks {
			if s.Name == "second" && s.Status.Tone() == Verified {
				order = append(order, s.Container)
			}
		}
		return nil
	}}
	_, c := collect(t, t.Context(), Plan{Checks: []Check{resolver("web", "sidecar"), finds("first"), finds("second",
		"first"), last}})
	slices.Sort(order)
	if got := strings.Join(order, " "); got != "sidecar web" {
		t.Errorf("answers ran when %q had ended, want both", got)
	}
	if len(c.Findings) != 4 || len(c.Images) != 2 {
		t.Errorf("got %d findings of %d images, want 4 of 2", len(c.Findings), len(c.Images))
	}
	if v := verdict.Of(c); v.Status != CasePassed || !v.Complete {
		t.Errorf("the case is %+v", v)
	}
}

func TestABrokenCheckIsUnknownAndTheOthersGoOn(t *testing.T) {
	tests := map[string]struct {
		run    func() error
		status Status
		reason string
	}{
		"panic": {
			func() error { var none []int; return errors.New(string(rune(none[1]))) }, Unknown,
			"index out of range [1] with length 0 at run_test.go",
		},
		"error": {
			func() error { return errors.New("reading the tag: connection refused") }, Unknown,
			"connection refused",
		},
		"nothing": {func() error { return Nothing("no earlier revision") }, Absent, "no earlier revision"},
		"fine":    {func() error { return nil }, Verified, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			broken := Check{Name: "broken", Run: func(context.Context, On, func(Event)) error { return tt.run() }}
			_, c := collect(t, t.Context(), Plan{Checks: []Check{resolver("web"), broken, finds("after", "broken")}})
			got, _ := c.Check("broken", "web")
			if got.Status.Tone() != tt.status || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %s %q, want %s %q", got.Status, got.Reason, tt.status, tt.reason)
			}
			if after, _ := c.Check("after", "web"); after.Status.Tone() != Verified {
				t.Errorf("the check after it is %s", after.Status)
			}
		})
	}
}

func TestTheCaseIsTheSameWhateverTheOrder(t *testing.T) {
	events, c := collect(t, t.Context(), Plan{Checks: []Check{
		resolver("a", "b"), finds("one"), finds("two"),
		finds("three", "one"),
	}})
	want, err := verdict.Encode(*c)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		shuffled := slices.Clone(events)
		rand.Shuffle(len(shuffled), func(i, j int) {
			// what one check says of one subject stays in order
			a, b := shuffled[i], shuffled[j]
			if a.Check != b.Check || a.Container != b.Container {
				shuffled[i], shuffled[j] = b, a
			}
		})
		slices.SortStableFunc(shuffled, func(a, b Event) int {
			if a.Check == b.Check && a.Container == b.Container {
				return int(a.Seq) - int(b.Seq)
			}
			return 0
		})
		again := &Case{}
		for _, e := range perCheck(shuffled) {
			again.Apply(e)
		}
		if got, _ := verdict.Encode(*again); !bytes.Equal(got, want) {
			t.Fatalf("another order gives another case:\n%s\nwant\n%s", got, want)
		}
	}
}

// perCheck puts the events of one check and subject into their order, and leaves the places of the others.
func perCheck(events []Event) []Event {
	byKey := map[Key][]Event{}
	for _, e := range events {
		k := Key{Check: e.Check, Container: e.Container}
		byKey[k] = append(byKey[k], e)
	}
	for k := range byKey {
		slices.SortFunc(byKey[k], func(a, b Event) int { return int(a.Seq) - int(b.Seq) })
	}
	out := make([]Event, 0, len(events))
	for _, e := range events {
		k := Key{Check: e.Check, Container: e.Container}
		out = append(out, byKey[k][0])
		byKey[k] = byKey[k][1:]
	}
	return out
}

func TestAStreamStaysValidWithoutProgress(t *testing.T) {
	loud := Check{Name: "loud", Run: func(_ context.Context, _ On, emit func(Event)) error {
		for i := range int64(100) {
			emit(Event{Fact: Progress{Done: i, Total: 100, Unit: "bytes"}})
		}
		return nil
	}}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		events, c := collect(t, t.Context(), Plan{
			Checks: []Check{resolver("web"), loud},
			Now:    func() time.Time { start = start.Add(time.Millisecond); return start },
		})
		n := 0
		quiet := &Case{}
		for _, e := range events {
			if Transient(e.Fact) {
				n++
				continue
			}
			quiet.Apply(e)
		}
		if n == 0 || n > 3 {
			t.Errorf("%d progress events in a tenth of a second, want one or two", n)
		}
		a, _ := verdict.Encode(*c)
		b, _ := verdict.Encode(*quiet)
		if !bytes.Equal(a, b) {
			t.Error("the case differs without progress")
		}
	})
}

func TestAgainDropsWhatItSaidAndWhatNeededIt(t *testing.T) {
	runs := 0
	counting := Check{Name: "layers", Run: func(_ context.Context, on On, emit func(Event)) error {
		runs++
		if runs == 1 {
			emit(Event{Fact: Setting{Code: "stale"}})
			return errors.New("connection reset")
		}
		return nil
	}}
	checks := []Check{resolver("web"), counting, finds("packages", "layers"), finds("signatures")}
	first, c := collect(t, t.Context(), Plan{Checks: checks})
	events := again(t, first, Plan{Checks: checks, Again: []Key{{Check: "layers", Container: "web"}}})
	for _, e := range events {
		c.Apply(e)
	}
	if s, _ := c.Check("layers", "web"); s.Status.Tone() != Verified || runs != 2 {
		t.Errorf("layers is %s after %d runs", s.Status, runs)
	}
	if i, _ := c.Image("web"); len(i.Notable) != 0 {
		t.Errorf("what the failed run said is still there: %v", i.Notable)
	}
	ran := map[string]bool{}
	for _, e := range events {
		ran[e.Check] = true
	}
	if !ran["packages"] || ran["signatures"] || ran["subject"] {
		t.Errorf("ran again: %v; want layers and packages only", ran)
	}
	if len(c.Findings) != 2 {
		t.Errorf("%d findings after the retry, want 2", len(c.Findings))
	}
}

func TestAgainOnTheResolverStartsTheImagesAnew(t *testing.T) {
	checks := []Check{resolver("web"), finds("one")}
	first, c := collect(t, t.Context(), Plan{Checks: checks})
	checks[0] = resolver("web", "late")
	events := again(t, first, Plan{Checks: checks, Again: []Key{{Check: "subject"}}})
	for _, e := range events {
		c.Apply(e)
	}
	if len(c.Images) != 2 || len(c.Findings) != 2 {
		t.Errorf("%d images and %d findings, want 2 and 2", len(c.Images), len(c.Findings))
	}
}

func TestAttachSpeaksUntilTheEnd(t *testing.T) {
	var say func(Event)
	events, c := collect(t, t.Context(), Plan{Checks: []Check{resolver("web")}, Attach: func(s func(Event)) {
		say = s
		s(Event{Fact: Request{Method: "GET", URL: "https://example.com/v2/"}})
	}})
	say(Event{Fact: Request{}})
	if _, ended := events[len(events)-1].Fact.(End); c.Requests != 1 || !ended {
		t.Errorf("%d requests; last event %+v", c.Requests, events[len(events)-1])
	}
}

func TestInterruptedIsPartial(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	slow := Check{Name: "slow", Run: func(ctx context.Context, _ On, _ func(Event)) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	_, c := collect(t, ctx, Plan{Checks: []Check{resolver("web"), slow}})

	v := verdict.Of(c)
	if v.Status != CaseIncomplete || v.Complete || !strings.Contains(strings.Join(v.Reasons, "\n"),
		"partial: interrupted") {
		t.Errorf("got %+v", v)
	}
}

func TestChecksThatCannotRunAreRefused(t *testing.T) {
	tests := map[string][]Check{
		"is used twice":       {finds("a"), finds("a")},
		"not in the plan":     {finds("a", "b")},
		"must come before it": {finds("a", "b"), finds("b")},
		"still finds images":  {resolver(), finds("a", "subject")},
	}
	for want, checks := range tests {
		if _, err := NewSource(Plan{Checks: checks}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
