package inspect

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Source is where events come from: Run is the live one, a bundle's replay the saved one. It returns when no more
// events come; emit is never called by two goroutines at once.
type Source func(ctx context.Context, emit func(Event)) error

// Run gives the live source of a plan: it runs the checks by their needs, side by side, and ends the case.
func Run(p Plan) (Source, error) {
	if err := validate(p.Checks); err != nil {
		return nil, err
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	return func(ctx context.Context, emit func(Event)) error {
		r := newRunner(p, emit)
		r.open()
		r.start(ctx)
		r.work.Wait()
		r.close(ctx)
		return ctx.Err()
	}, nil
}

// runner is one run of a plan.
type runner struct {
	plan  Plan
	board *board
	work  sync.WaitGroup
	mu    sync.Mutex
	done  map[Key]chan struct{}
	news  chan struct{} // closed when the next check ends
	again []Key         // with From: what is dropped and runs again
	kept  map[Key]bool  // with From: what has ended and stays
	ctx   context.Context
}

func newRunner(p Plan, emit func(Event)) *runner {
	r := &runner{plan: p, done: map[Key]chan struct{}{}, news: make(chan struct{})}
	r.board = &board{now: p.Now, emit: emit, progress: map[Key]time.Time{}}
	if p.From != nil {
		for _, e := range p.From.log {
			r.board.known.Apply(e)
			r.board.seq = max(r.board.seq, e.Seq)
		}
		r.again, r.kept = r.closure(p.Again), map[Key]bool{}
		for _, s := range p.From.Checks {
			k := Key{s.Name, s.Subject}
			r.kept[k] = !slices.Contains(r.again, k)
		}
	}
	return r
}

// open says the header, or that the checks that run again start from nothing.
func (r *runner) open() {
	if r.plan.From == nil {
		h := r.plan.Header
		r.board.say(Event{Header: &h})
	} else {
		r.board.say(Event{Reset: &Reset{Drop: r.again}})
	}
	for _, e := range r.plan.Opening {
		r.board.say(e)
	}
	if r.plan.Attach != nil {
		r.plan.Attach(r.board.say)
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
	for _, s := range r.subjects() {
		r.startImage(s)
	}
	r.board.mu.Lock()
	r.board.onImage = r.startImage
	r.board.mu.Unlock()
	for _, s := range r.subjects() {
		r.startImage(s)
	}
}

func (r *runner) startImage(subject string) {
	for _, c := range r.plan.Checks {
		if c.Scope == PerImage {
			r.launch(c, subject)
		}
	}
}

// launch starts a check on a subject, once.
func (r *runner) launch(c Check, subject string) {
	k := Key{c.Name, subject}
	r.mu.Lock()
	if _, ok := r.done[k]; ok {
		r.mu.Unlock()
		return
	}
	ended := make(chan struct{})
	r.done[k] = ended
	r.mu.Unlock()
	if r.kept[k] {
		r.tell(ended)
		return
	}
	r.work.Add(1)
	go func() {
		defer r.work.Done()
		defer r.tell(ended)
		if c.Follows {
			r.follow(c)
			return
		}
		r.await(c, subject)
		r.perform(c, subject)
	}()
}

// tell lets those that wait for a check go on, and those that follow look again.
func (r *runner) tell(ended chan struct{}) {
	close(ended)
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.news)
	r.news = make(chan struct{})
}

// emitter gives events their check and subject.
func (r *runner) emitter(c Check, subject string) func(Event) {
	return func(e Event) {
		if e.Check == "" {
			e.Check = c.Name
		}
		if e.Subject == "" {
			e.Subject = subject
		}
		r.board.say(e)
	}
}

func (r *runner) perform(c Check, subject string) {
	emit := r.emitter(c, subject)
	emit(Event{Begin: &Begin{}})
	err := r.ctx.Err()
	if err == nil {
		err = guard(r.ctx, c, On{Subject: subject, board: r.board}, emit)
	}
	end := outcome(r.ctx, err)
	emit(Event{End: &end})
}

// subjects are those of the images that an Image event has named.
func (r *runner) subjects() []string {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	var names []string
	for _, i := range r.board.known.Images {
		if r.board.hasImage(i.Subject) {
			names = append(names, i.Subject)
		}
	}
	return names
}

// close ends the case: as a whole, or as interrupted.
func (r *runner) close(ctx context.Context) {
	end := End{Status: Verified}
	if ctx.Err() != nil {
		end = End{Status: Unknown, Reason: "interrupted"}
	}
	r.board.finish(Event{End: &end})
}
