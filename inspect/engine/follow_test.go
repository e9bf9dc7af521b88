package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	. "github.com/backtrail/backtrail/inspect/engine"
)

// follower says what it waits for, each time that it looks.
func follower(needs ...string) Check {
	said := ""
	return Check{Name: "answers", Scope: PerCase, Follows: true, Needs: needs, Run: func(_ context.Context, on On,
		emit func(Event),
	) error {
		var names []string
		for _, k := range on.Waiting {
			names = append(names, strings.TrimSpace(k.Check+" "+k.Container))
		}
		c := on.Case()
		if text := fmt.Sprintf("%d found; waits for %s", len(c.Findings), strings.Join(names, ", ")); text != said {
			said = text
			emit(Event{Fact: Notice{Level: "info", Text: text}})
		}
		return nil
	}}
}

// A check that follows looks again as the others end, and says the last word when all have.
func TestAFollowerLooksAgain(t *testing.T) {
	release := make(chan struct{})
	slow := finds("slow", "fast")
	run := slow.Run
	slow.Run = func(ctx context.Context, on On, emit func(Event)) error {
		if on.Container == "web" {
			<-release
		}
		return run(ctx, on, emit)
	}
	looked := make(chan struct{}) // once: on a busy machine the others would end before the first look
	fast := finds("fast")
	fast.Run = func(ctx context.Context, on On, emit func(Event)) error {
		<-looked
		return finds("fast").Run(ctx, on, emit)
	}
	source, err := NewSource(Plan{Checks: []Check{resolver("web", "sidecar"), fast, slow, follower("fast", "slow")}})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	c := &Case{}
	err = source(t.Context(), func(e Event) {
		c.Apply(e)
		n, ok := e.Fact.(Notice)
		if !ok {
			return
		}
		if said = append(said, n.Text); len(said) == 1 {
			close(looked)
		}
		if n.Text == "3 found; waits for slow web" {
			close(release)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if first, last := said[0], said[len(said)-1]; !strings.Contains(first, "waits for fast") ||
		last != "4 found; waits for " || !slices.Contains(said, "3 found; waits for slow web") {
		t.Errorf("it said %q", said)
	}
	if state, _ := c.Check("answers", ""); state.Status.Tone() != Verified {
		t.Errorf("it ended as %+v", state)
	}
}

// An interrupted case has the last word of those that follow, about what had been found until then.
func TestAFollowerHasTheLastWordOfAnInterruptedCase(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	waits := Check{Name: "waits", Run: func(ctx context.Context, _ On, _ func(Event)) error {
		stop()
		<-ctx.Done()
		return ctx.Err()
	}}
	events, c := collect(t, ctx, Plan{Checks: []Check{resolver("web"), finds("fast"), waits, follower("fast",
		"waits")}})
	var last string
	for _, e := range events {
		if n, ok := e.Fact.(Notice); ok {
			last = n.Text
		}
	}
	if last != "1 found; waits for " && last != "0 found; waits for " {
		t.Errorf("the last word is %q", last)
	}
	if c.End == nil || c.End.Status.Tone() != Unknown {
		t.Errorf("the case ended as %+v", c.End)
	}
}

// What is kept of an earlier run is nothing to wait for.
func TestAFollowerOfARetry(t *testing.T) {
	p := Plan{Checks: []Check{resolver("web"), finds("one"), finds("two"), follower("one", "two")}}
	first, _ := collect(t, t.Context(), p)
	p.Again = []Key{{Check: "two", Container: "web"}}
	p.Checks[3] = follower("one", "two")
	done := make(chan *Case)
	go func() {
		c := &Case{}
		for _, e := range slices.Concat(first, again(t, first, p)) {
			c.Apply(e)
		}
		done <- c
	}()
	select {
	case again := <-done:
		if state, _ := again.Check("answers", ""); state.Status.Tone() != Verified {
			t.Errorf("it ended as %+v", state)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for ever")
	}
}

func TestAFollowerIsOfTheCase(t *testing.T) {
	if _, err := NewSource(Plan{Checks: []Check{{Name: "x", Follows: true}}}); err == nil {
		t.Error("a check that follows and runs for each image is let pass")
	}
}
