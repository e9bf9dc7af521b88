package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/registry"
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

// open is an open case: its source, what is watched beside it, and where both are recorded.
type open struct {
	source   inspect.Source
	watch    inspect.Source // of the pod, for as long as the case is open; nil where nothing can be watched
	plan     inspect.Plan
	recorder *evidence.Recorder
	last     atomic.Uint64 // number of the newest event
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
	if watch := cluster.Watch(s.around(p.subject), s.client.Store(), s.flags.noLogs); watch != nil {
		o.watch = o.recorded(o.stamped(watch))
	}
	return o, nil
}

// recorded writes each event of a source before it is handed on.
func (o *open) recorded(source inspect.Source) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		record := o.recorder.Record(emit)
		return source(registry.AtOnce(ctx), func(e inspect.Event) {
			o.last.Store(max(o.last.Load(), e.Seq))
			record(e)
		})
	}
}

// stamped gives the events of a source that is no run of checks their time and number.
func (o *open) stamped(source inspect.Source) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		return source(ctx, func(e inspect.Event) {
			e = e.Stamped(inspect.At(o.plan.Now()))
			e.Seq = o.last.Load() + 1
			emit(e)
		})
	}
}

// whole is the source with the watch beside it, which ends when the checks have.
func (o *open) whole() inspect.Source {
	if o.watch == nil {
		return o.source
	}
	return func(ctx context.Context, emit func(inspect.Event)) error {
		var mu sync.Mutex
		one := func(e inspect.Event) {
			mu.Lock()
			defer mu.Unlock()
			emit(e)
		}
		watching, stop := context.WithCancel(ctx)
		var beside sync.WaitGroup
		beside.Go(func() { _ = o.watch(watching, one) })
		err := o.source(ctx, one)
		stop()
		beside.Wait()
		return err
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
