package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	. "github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/ledger"
)

// ten names of containers.
func ten() (names []string) {
	for n := range 10 {
		names = append(names, fmt.Sprint("c", n))
	}
	return names
}

// crowd is a check whose ten goroutines emit at once.
func crowd(name string, needs ...string) Check {
	return Check{Name: name, Needs: needs, Run: func(_ context.Context, on On, emit func(Event)) error {
		g := NewGroup(4)
		for w := range 10 {
			g.Go(func() error {
				id := FindingID(name, fmt.Sprint(w), on.Container)
				emit(Event{Fact: Finding{
					ID: id, Check: name, Subject: on.Container, Severity: Low,
					Title: "token=hunter2hunter2",
				}})
				emit(Event{Fact: Progress{Done: int64(w)}})
				if i := on.Image(); i.Container != on.Container {
					return fmt.Errorf("the image of %q is that of %q", on.Container, i.Container)
				}
				c := on.Case()
				_ = len(c.Findings)
				return nil
			})
		}
		return g.Wait()
	}}
}

// Checks of ten images, a transport and a person write one case at once: each entry has a number of its own, emit is
// called by one goroutine at a time and in the order of the record, and what was emitted folds to the case on disk.
func TestTenImagesATransportAndAPerson(t *testing.T) {
	dir := t.TempDir()
	l, err := ledger.Create(dir, Header{
		Schema: Schema, Target: Target{Name: "web"},
		Started: At(time.Unix(1_800_000_000, 0)),
	}, Session{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var transports sync.WaitGroup
	plan := Plan{
		Checks: []Check{resolver(ten()...), crowd("first"), crowd("second", "first")},
		Attach: func(say func(Event)) {
			for n := range 10 {
				transports.Go(func() { say(Event{Fact: Request{URL: fmt.Sprint("https://r.example/", n)}}) })
			}
		},
	}
	people := func() {
		for n := range 10 {
			if _, err := l.Append("", "", Note{Author: "ada", Text: fmt.Sprint(n)}); err != nil {
				t.Error(err)
			}
		}
	}
	transports.Go(people)
	var inside atomic.Int32
	var seen []uint64
	emitted := &Case{}
	if err := Run(t.Context(), plan, l, func(e Event) {
		if inside.Add(1) != 1 {
			t.Error("emit is called by two goroutines at once")
		}
		defer inside.Add(-1)
		if e.Seq > 0 {
			seen = append(seen, e.Seq)
		}
		emitted.Apply(e)
	}); err != nil {
		t.Fatal(err)
	}
	transports.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != len(seen) {
		t.Error("entries were emitted out of their order, or twice")
	}
	saved, err := ledger.FindCase(t.Context(), dir, l.ID())
	if err != nil {
		t.Fatal(err)
	}
	onDisk, err := ledger.Fold(t.Context(), saved.Replay())
	if err != nil || len(onDisk.Notices) != 0 {
		t.Fatalf("%v, notices %+v", err, onDisk.Notices)
	}
	if len(onDisk.Findings) != 200 || len(onDisk.Notes) != 10 || len(onDisk.Images) != 10 {
		t.Errorf("%d findings, %d notes, %d images", len(onDisk.Findings), len(onDisk.Notes), len(onDisk.Images))
	}
	live, err := EncodeJSON(emitted.Findings)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := EncodeJSON(onDisk.Findings); err != nil || !bytes.Equal(live, again) {
		t.Errorf("what was emitted is not what was recorded: %v", err)
	}
	for _, s := range onDisk.Checks {
		if s.Status != CheckDone {
			t.Errorf("%s of %s: %s %s", s.Name, s.Container, s.Status, s.Reason)
		}
	}
	if len(onDisk.Checks) != 21 {
		t.Errorf("%d checks have a state", len(onDisk.Checks))
	}
}

// A case that is interrupted while ten write has an end for every check that began, and nothing after its own end.
func TestInterruptedWhileTenWrite(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var started atomic.Int32
	endless := Check{Name: "endless", Run: func(ctx context.Context, on On, emit func(Event)) error {
		if started.Add(1) == 10 {
			stop()
		}
		for n := 0; ctx.Err() == nil; n++ {
			emit(Event{Fact: Finding{ID: fmt.Sprint(on.Container, n%50), Subject: on.Container}})
		}
		return ctx.Err()
	}}
	events, c := collect(t, ctx, Plan{Checks: []Check{resolver(ten()...), endless}})
	if c.End == nil || c.End.Status != CheckBlocked || c.End.Reason != "interrupted" {
		t.Fatalf("the case ended as %+v", c.End)
	}
	if _, last := events[len(events)-1].Fact.(End); !last {
		t.Errorf("the last entry is a %T", events[len(events)-1].Fact)
	}
	begun, ended := map[Key]int{}, map[Key]int{}
	for _, e := range events {
		k := Key{Check: e.Check, Container: e.Container}
		switch e.Fact.(type) {
		case Begin:
			begun[k]++
		case End:
			ended[k]++
		}
	}
	delete(ended, Key{})
	for k, n := range begun {
		if n != 1 || ended[k] != 1 {
			t.Errorf("%+v began %d times and ended %d times", k, n, ended[k])
		}
	}
	if len(begun) != len(ended) {
		t.Errorf("%d checks began, %d ended", len(begun), len(ended))
	}
}

// A fact that is too long for the record is emitted as it was recorded, with the notice behind it.
func TestACutFactIsEmittedAsItWasRecorded(t *testing.T) {
	huge := Check{Name: "huge", Scope: PerCase, Run: func(_ context.Context, _ On, emit func(Event)) error {
		emit(Event{Fact: PodChange{State: PodChanged, What: []string{string(bytes.Repeat([]byte("x"),
			ledger.MaxLine+1))}}})
		return nil
	}}
	_, c := collect(t, t.Context(), Plan{Checks: []Check{resolver("web"), huge}})
	if len(c.Changes) != 1 || len(c.Changes[0].What[0]) >= ledger.MaxLine {
		t.Errorf("%d changes", len(c.Changes))
	}
	if len(c.Notices) != 1 || c.Notices[0].Level != "error" {
		t.Errorf("notices %+v", c.Notices)
	}
}
