package engine_test

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/ledger"
)

// A check that panics is blocked; the others go on, and their findings are in the case.
func ExampleRun() {
	finds := engine.Check{Name: "binaries", Scope: engine.PerCase, Run: func(_ context.Context, _ engine.On,
		emit func(inspect.Event),
	) error {
		emit(inspect.Event{Fact: inspect.Finding{ID: "1", Title: "unpackaged executable"}})
		return nil
	}}
	panics := engine.Check{Name: "packages", Scope: engine.PerCase, Run: func(context.Context, engine.On,
		func(inspect.Event),
	) error {
		var missing *inspect.Pod
		fmt.Println(missing.Name)
		return nil
	}}
	l := ledger.New(nil)
	plan := engine.Plan{Header: inspect.Header{Schema: inspect.Schema}, Checks: []engine.Check{finds, panics}}
	if err := engine.Run(context.Background(), plan, l, func(inspect.Event) {}); err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range l.Case().Findings {
		fmt.Println("finding:", f.Title)
	}
	blocked := 0
	for _, c := range l.Case().Checks {
		if c.Reason != "" {
			blocked++
		}
	}
	fmt.Println("blocked:", blocked)
	// Output:
	// finding: unpackaged executable
	// blocked: 1
}
