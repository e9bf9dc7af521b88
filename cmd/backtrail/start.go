package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/evidence/seal"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/registry"
)

// plan is the plan of a prepared case. It opens with what was expected and which thresholds were named, before any
// check can report anything: a reader of the events has what a verdict rests on before the verdict.
func (s *session) plan(p prepared) engine.Plan {
	opening := []inspect.Event{{Fact: s.expected}}
	if s.thresholds != nil {
		opening = append(opening, inspect.Event{Fact: *s.thresholds})
	}
	return engine.Plan{
		Header:  inspect.Header{Schema: inspect.Schema, Tool: tool(), Target: p.target, Started: inspect.At(s.now())},
		Opening: append(opening, p.opening...),
		Checks:  s.checks(p.subject),
		Now:     s.now,
		Attach:  s.attach,
	}
}

// requestsTo records each request to a registry, and once for each host how far its clock is from ours.
func requestsTo(emit func(inspect.Event)) func(registry.Request) {
	var measured sync.Map // of hosts
	return func(r registry.Request) {
		emit(requestEvent(r))
		offset, is := inspect.OffsetOf(r.Host, r.Date, r.Sent, r.Waited)
		if !is {
			return
		}
		if _, before := measured.LoadOrStore(r.Host, true); !before {
			emit(inspect.Event{Fact: offset})
		}
	}
}

// accountsTo records once as whom each registry is read. Several sources of credentials may be tried at one registry:
// each that a connection was made with is a line, in the order in which they were.
func accountsTo(emit func(inspect.Event)) func(host, user, source string) {
	var told sync.Map // of accounts
	return func(host, user, source string) {
		account := inspect.Account{Host: host, User: user, Source: source}
		if _, before := told.LoadOrStore(account, true); !before {
			emit(inspect.Event{Fact: account})
		}
	}
}

// open is an open case: its ledger, the source of its checks, and what is watched beside them.
type open struct {
	plan   engine.Plan     // with which checks run again
	scope  *registry.Scope // its credentials and what its requests report
	ledger *ledger.Ledger
	source inspect.Source
	watch  inspect.Source // of the pod, while the case is open; nil where nothing can be watched
	key    string         // what makes two openings one case; empty: each is a case of its own
	runs   sync.WaitGroup // runs on the case that have not ended
	// timestamps is the authority that stamps the begin of the record; nil: none was named
	timestamps *seal.Authority
	// ended is called when the checks have ended, as often as they do
	ended func(ctx context.Context, emit func(inspect.Event))
}

// start begins a prepared case: its folder, its ledger with the first session, and its plan. A case that cannot be
// recorded is not begun; every fact is on disk before it is shown.
func (s *session) start(p prepared) (*open, error) {
	dir, err := casesDir()
	if err != nil {
		return nil, err
	}
	plan := s.plan(p)
	l, err := ledger.Create(dir, plan.Header, s.operator.session(s.now()), s.now)
	if err != nil {
		return nil, hinted(err, "set XDG_DATA_HOME to a folder that can be written")
	}
	o := openOn(s, l, plan, p)
	o.source = o.run(o.plan)
	return o, nil
}

// openOn makes an open case of a ledger and a plan, without a source yet.
func openOn(s *session, l *ledger.Ledger, plan engine.Plan, p prepared) *open {
	scope := &registry.Scope{Keychain: p.keys}
	attach := plan.Attach
	plan.Attach = func(emit func(inspect.Event)) { // before any check runs
		scope.Notice = func(text string) { emit(inspect.Event{Fact: inspect.Notice{Level: "warning", Text: text}}) }
		scope.Log, scope.Account = requestsTo(emit), accountsTo(emit)
		if s.isDemo() {
			scope.Log, scope.Account = asNamed(s.flags.registryMaps, emit)
		}
		attach(emit)
	}
	o := &open{plan: plan, scope: scope, ledger: l, key: caseKey(p), timestamps: s.timestamps}
	o.ended = func(ctx context.Context, emit func(inspect.Event)) { remember(ctx, s, l, emit) }
	if watch := cluster.Watch(s.around(p.subject), s.client.Store(), s.flags.noLogs); watch != nil {
		o.watch = o.appended(watch)
	}
	return o
}

// context returns a context whose requests to registries belong to the case: made with its credentials, and listed in
// its ledger. AtOnce has a tag, or the referrers of a digest, requested once: all checks of a case get one answer.
func (o *open) context(ctx context.Context) context.Context {
	return registry.WithScope(registry.AtOnce(ctx), o.scope)
}

// run gives the source of a run on the case: first what is in its ledger already, then what the run appends. Whoever
// folds the source therefore has the whole case. The journal is written when the run has ended, also when it was
// interrupted.
func (o *open) run(plan engine.Plan) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		o.runs.Add(1)
		defer o.runs.Done()
		if err := ledger.ReplayOf(o.ledger.Events)(ctx, emit); err != nil {
			return err
		}
		o.stamp(ctx, emit)
		err := engine.Run(o.context(ctx), plan, o.ledger, emit)
		o.ended(ctx, emit)
		return err
	}
}

// resumed gives the source of a case that is gone on with: what is in its ledger, then the checks that did not end. A
// case in which all checks have ended is only shown: no registry is read.
func (o *open) resumed(again []inspect.Key, opening []inspect.Event) inspect.Source {
	plan := o.plan
	plan.Again, plan.Opening = again, opening
	if len(again) > 0 {
		return o.run(plan)
	}
	return ledger.ReplayOf(o.ledger.Events)
}

// stampTimeout bounds the wait for a timestamp at the start of a case: the evidence that vanishes comes first.
const stampTimeout = 10 * time.Second

// stamp has the begin of the record stamped (--timestamp-url), before any check runs: whoever trusts the authority has
// it that the record did not begin later. Where no timestamp can be had the record states so, and the case goes on. A
// case that is run again was stamped at its first run.
func (o *open) stamp(ctx context.Context, emit func(inspect.Event)) {
	if o.timestamps == nil || len(o.ledger.Case().Custody.Timestamps) > 0 {
		return
	}
	add := func(f inspect.Fact) {
		if e, _ := o.ledger.Append("", "", f); e.Fact != nil { // a failed write is shown by the run
			emit(e)
		}
	}
	entry, head := o.ledger.Position()
	fact := inspect.Timestamp{Entry: entry, Head: head, Authority: o.timestamps.URL}
	var digest [32]byte
	sum, err := hex.DecodeString(strings.TrimPrefix(head, "sha256:"))
	if err == nil {
		copy(digest[:], sum)
		authority := *o.timestamps
		authority.Log = func(method, url string, status int, bytes int64) {
			add(inspect.Request{Method: method, URL: url, Status: status, Bytes: bytes})
		}
		ctx, stop := context.WithTimeout(ctx, stampTimeout)
		defer stop()
		var stated seal.Stamp
		fact.Response, stated, err = authority.Timestamp(ctx, digest)
		fact.At = inspect.At(stated.Time)
	}
	if err != nil {
		fact.At, fact.Error = inspect.Time{}, err.Error()
		add(inspect.Notice{
			Level: "warning", Text: "the start of the case has no timestamp: " + err.Error(),
			Hint: "--timestamp-url names another authority",
		})
	}
	add(fact)
}

// appended puts what a source emits into the ledger, which gives each event its number, time and hash.
func (o *open) appended(source inspect.Source) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		return source(o.context(ctx), func(e inspect.Event) {
			// a failed write is shown by the run
			if e, _ = o.ledger.Append(e.Check, e.Container, e.Fact); e.Fact != nil {
				emit(e)
			}
		})
	}
}

// whole is the source with the watch beside it, which ends when the checks have. Both emit at once; emit is called by
// one at a time. It returns the error of the checks: what the watch could not see is in the case already.
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

// again goes on with the case: some checks once more, and those that need them. What these had found before stays in
// the ledger and is dropped from the fold.
func (o *open) again(keys []inspect.Key) (inspect.Source, error) {
	p := o.plan
	p.Again, p.Opening = keys, nil
	if len(keys) == 0 {
		return nil, fmt.Errorf("running again: no check was named")
	}
	return func(ctx context.Context, emit func(inspect.Event)) error {
		o.runs.Add(1)
		defer o.runs.Done()
		err := engine.Run(o.context(ctx), p, o.ledger, emit)
		o.ended(ctx, emit)
		return err
	}, nil
}
