package engine

import (
	"context"
	"slices"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/ledger"
)

// NewSource gives the source of a plan that runs on a ledger of its own, in memory: it runs the checks by their
// needs, side by side, and ends the case.
func NewSource(p Plan) (inspect.Source, error) {
	if err := validate(p.Checks); err != nil {
		return nil, err
	}
	return func(ctx context.Context, emit func(inspect.Event)) error {
		l := ledger.New(p.Now)
		e, err := l.Append("", "", p.Header)
		if err != nil {
			return err
		}
		emit(e)
		return Run(ctx, p, l, emit)
	}, nil
}

// Run runs the checks of a plan by their needs, side by side, on a case whose ledger already has its header, and ends
// the case. emit is given what the run appends, in the order of the ledger, and is never called by two goroutines at
// once.
func Run(ctx context.Context, p Plan, l *ledger.Ledger, emit func(inspect.Event)) error {
	if err := validate(p.Checks); err != nil {
		return err
	}
	r := newRunner(p, l, emit)
	r.open()
	r.start(ctx)
	r.work.Wait()
	r.close(ctx)
	return ctx.Err()
}

// runner is one run of a plan. mu guards done and changed, emitting the order of what is appended and emitted; where
// both are held, emitting comes first.
type runner struct {
	plan   Plan
	ledger *ledger.Ledger
	work   sync.WaitGroup

	mu      sync.Mutex
	done    map[inspect.Key]chan struct{}
	changed chan struct{}        // closed when the next check ends
	again   []inspect.Key        // with Again: what is dropped and runs again
	kept    map[inspect.Key]bool // with Again: what has ended and stays
	ctx     context.Context

	emitting sync.Mutex
	emit     func(inspect.Event)
	onImage  func(container string)
	failed   bool // a failed write was shown
	finished bool
	removed  []inspect.Event // what the ledger recorded behind a fact, not emitted yet; guarded by removing
	removing sync.Mutex
}

// newRunner prepares a run. With Again, checks that ended and do not run again count as ended from the start.
func newRunner(p Plan, l *ledger.Ledger, emit func(inspect.Event)) *runner {
	r := &runner{plan: p, ledger: l, emit: emit, done: map[inspect.Key]chan struct{}{}, changed: make(chan struct{})}
	l.Listen(r.onRecorded)
	if len(p.Again) > 0 {
		r.again, r.kept = r.closure(p.Again), map[inspect.Key]bool{}
		known := l.Case()
		for _, s := range known.Checks {
			k := inspect.Key{Check: s.Name, Container: s.Container}
			r.kept[k] = !slices.Contains(r.again, k)
		}
	}
	return r
}

// onRecorded remembers what the ledger records behind a fact, so that what is emitted is what was recorded.
func (r *runner) onRecorded(e inspect.Event) {
	if ledger.Follows(e) {
		r.removing.Lock()
		r.removed = append(r.removed, e)
		r.removing.Unlock()
	}
}

// takeRemoved gives what the ledger recorded behind the last fact, once.
func (r *runner) takeRemoved() []inspect.Event {
	r.removing.Lock()
	defer r.removing.Unlock()
	taken := r.removed
	r.removed = nil
	return taken
}

// append adds a fact to the ledger and emits it. The first failure to write is emitted as a notice.
func (r *runner) append(e inspect.Event) {
	r.emitting.Lock()
	defer r.emitting.Unlock()
	if r.finished {
		return
	}
	_, image := e.Fact.(inspect.ImageHead)
	isNew := image && !slices.Contains(r.ledger.Containers(), e.Container)
	e, err := r.ledger.Append(e.Check, e.Container, e.Fact)
	if e.Fact != nil {
		r.emit(e)
	}
	for _, removed := range r.takeRemoved() {
		r.emit(removed)
	}
	if err != nil && !r.failed {
		r.failed = true
		r.emit(inspect.Event{Time: e.Time, Fact: inspect.Notice{
			Level: "error", Text: err.Error(),
			Hint: "export the case now (x), to another disk",
		}})
	}
	if isNew && r.onImage != nil {
		r.onImage(e.Container)
	}
}

// open appends the plan's opening, or that the checks that run again start from nothing.
func (r *runner) open() {
	if len(r.again) > 0 {
		r.append(inspect.Event{Fact: inspect.Reset{Drop: r.again}})
	}
	for _, e := range r.plan.Opening {
		r.append(e)
	}
	if r.plan.Attach != nil {
		r.plan.Attach(r.append)
	}
}

// start launches the checks of the case, and those of each image as soon as it is named. Launching and waiting go on
// under one lock, so that no image that is named while the run starts is missed or started twice.
func (r *runner) start(ctx context.Context) {
	r.ctx = ctx
	for _, c := range r.plan.Checks {
		if c.Scope == PerCase {
			r.launch(c, "")
		}
	}
	r.emitting.Lock()
	r.onImage = r.startImage
	r.emitting.Unlock()
	for _, container := range r.ledger.Containers() {
		r.startImage(container)
	}
}

// startImage launches the checks of an image.
func (r *runner) startImage(container string) {
	for _, c := range r.plan.Checks {
		if c.Scope == PerImage {
			r.launch(c, container)
		}
	}
}

// launch starts a check on a container, once.
func (r *runner) launch(c Check, container string) {
	k := inspect.Key{Check: c.Name, Container: container}
	r.mu.Lock()
	if _, ok := r.done[k]; ok {
		r.mu.Unlock()
		return
	}
	ended := make(chan struct{})
	r.done[k] = ended
	r.mu.Unlock()
	if r.kept[k] {
		r.signalDone(ended)
		return
	}
	r.work.Add(1)
	go func() {
		defer r.work.Done()
		defer r.signalDone(ended)
		if c.Follows {
			r.follow(c)
			return
		}
		r.await(c, container)
		r.perform(c, container)
	}()
}

// signalDone lets those that wait for a check go on, and those that follow look again.
func (r *runner) signalDone(ended chan struct{}) {
	close(ended)
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.changed)
	r.changed = make(chan struct{})
}

// emitter gives events their check and container.
func (r *runner) emitter(c Check, container string) func(inspect.Event) {
	return func(e inspect.Event) {
		if e.Check == "" {
			e.Check = c.Name
		}
		if e.Container == "" {
			e.Container = container
		}
		r.append(e)
	}
}

// perform runs a check between its Begin and its End. In an interrupted case it begins and ends without running, so
// that every check of the plan has an outcome.
func (r *runner) perform(c Check, container string) {
	emit := r.emitter(c, container)
	emit(inspect.Event{Fact: inspect.Begin{}})
	err := r.ctx.Err()
	if err == nil {
		err = guard(r.ctx, c, On{Container: container, ledger: r.ledger}, emit)
	}
	emit(inspect.Event{Fact: outcome(r.ctx, err)})
}

// close ends the case: as a whole, or as interrupted. What comes after it from a transport belongs to no check.
func (r *runner) close(ctx context.Context) {
	end := inspect.End{Status: inspect.CheckDone}
	if ctx.Err() != nil {
		end = inspect.End{Status: inspect.CheckBlocked, Reason: "interrupted"}
	}
	r.append(inspect.Event{Fact: end})
	r.emitting.Lock()
	defer r.emitting.Unlock()
	r.finished = true
}
