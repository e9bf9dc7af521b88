package main

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
)

// plan is the plan of a prepared case.
func (s *session) plan(p prepared) inspect.Plan {
	opening := []inspect.Event{{Expected: &s.expected}}
	return inspect.Plan{
		Header:  inspect.Header{Schema: inspect.Schema, Tool: tool(), Target: p.target, Started: inspect.At(s.now())},
		Opening: append(opening, p.opening...),
		Checks:  s.checks(p.subject),
		Now:     s.now,
		Attach:  s.attach,
	}
}

// open is an open case: its source, and where it is recorded.
type open struct {
	source   inspect.Source
	plan     inspect.Plan
	recorder *evidence.Recorder
}

// start gives the live source of a prepared case; every event is on disk before anybody sees it.
func (s *session) start(p prepared) (*open, error) {
	plan := s.plan(p)
	source, err := inspect.Run(plan)
	if err != nil {
		return nil, err
	}
	dir, err := casesDir()
	if err != nil {
		return nil, err
	}
	recorder, err := evidence.NewRecorder(dir, plan.Header)
	if err != nil {
		return nil, hinted(err, "set XDG_DATA_HOME to a folder that can be written")
	}
	o := &open{plan: plan, recorder: recorder}
	o.source = o.recorded(source)
	return o, nil
}

// recorded writes each event of a source before it is handed on.
func (o *open) recorded(source inspect.Source) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		return source(ctx, o.recorder.Record(emit))
	}
}

// again goes on with the case: some checks once more, and those that need them.
func (o *open) again(c *inspect.Case, keys []inspect.Key) (inspect.Source, error) {
	p := o.plan
	p.From, p.Again, p.Opening = c, keys, nil
	source, err := inspect.Run(p)
	if err != nil {
		return nil, fmt.Errorf("running again: %w", err)
	}
	return o.recorded(source), nil
}
