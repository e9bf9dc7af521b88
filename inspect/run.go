package inspect

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Source is where events come from: Run is the live one, a bundle's replay the saved one. It returns when no more
// events come; emit is never called by two goroutines at once.
type Source func(ctx context.Context, emit func(Event)) error

// Plan is what a run needs.
type Plan struct {
	Header  Header
	Opening []Event // said first: Expected, Trust, notices
	Checks  []Check
	Now     func() time.Time // nil: the wall clock
	From    *Case            // goes on from this case
	Again   []Key            // with From: only these checks, and those that need them
	// Attach is given a way to say what does not come from a check, such as requests and notices of a transport. It
	// may be called from any goroutine; after the end of the case it does nothing.
	Attach func(say func(Event))
}

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
	again []Key        // with From: what is dropped and runs again
	kept  map[Key]bool // with From: what has ended and stays
	ctx   context.Context
}

func newRunner(p Plan, emit func(Event)) *runner {
	r := &runner{plan: p, done: map[Key]chan struct{}{}}
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
		close(ended)
		return
	}
	r.work.Add(1)
	go func() {
		defer r.work.Done()
		defer close(ended)
		r.await(c, subject)
		r.perform(c, subject)
	}()
}

func (r *runner) perform(c Check, subject string) {
	emit := func(e Event) {
		if e.Check == "" {
			e.Check = c.Name
		}
		if e.Subject == "" {
			e.Subject = subject
		}
		r.board.say(e)
	}
	emit(Event{Begin: &Begin{}})
	err := r.ctx.Err()
	if err == nil {
		err = guard(r.ctx, c, On{Subject: subject, board: r.board}, emit)
	}
	end := outcome(r.ctx, err)
	emit(Event{End: &end})
}

// await waits until the needs of a check have ended. Those that come late need not be interrupted: a cancelled check
// ends by itself.
func (r *runner) await(c Check, subject string) {
	for _, need := range c.Needs {
		n := r.named(need)
		switch {
		case n.Scope == PerCase:
			r.wait(Key{need, ""})
		case c.Scope == PerImage:
			r.wait(Key{need, subject})
		default:
			r.waitResolved()
			for _, s := range r.subjects() {
				r.wait(Key{need, s})
			}
		}
	}
}

func (r *runner) waitResolved() {
	for _, c := range r.plan.Checks {
		if c.Resolves {
			r.wait(Key{c.Name, ""})
		}
	}
}

func (r *runner) wait(k Key) {
	r.mu.Lock()
	ended, ok := r.done[k]
	r.mu.Unlock()
	if ok {
		<-ended
	}
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

func (r *runner) named(name string) Check {
	i := slices.IndexFunc(r.plan.Checks, func(c Check) bool { return c.Name == name })
	return r.plan.Checks[i]
}

// closure adds to the keys those of the checks that need them.
func (r *runner) closure(keys []Key) []Key {
	all := slices.Clone(keys)
	for i := 0; i < len(all); i++ {
		for _, k := range r.dependents(all[i]) {
			if !slices.Contains(all, k) {
				all = append(all, k)
			}
		}
	}
	return all
}

// dependents are the keys whose work rests directly on that of k. All that is known of the images rests on the check
// that finds them.
func (r *runner) dependents(k Key) []Key {
	var keys []Key
	resolves := r.named(k.Check).Resolves
	for _, c := range r.plan.Checks {
		if slices.Contains(c.Needs, k.Check) || resolves && c.Scope == PerImage {
			keys = append(keys, r.keysOf(c, k.Subject)...)
		}
	}
	if resolves {
		for _, i := range r.board.known.Images {
			keys = append(keys, Key{k.Check, i.Subject})
		}
	}
	return keys
}

func (r *runner) keysOf(c Check, subject string) []Key {
	if c.Scope == PerCase {
		return []Key{{c.Name, ""}}
	}
	if subject != "" {
		return []Key{{c.Name, subject}}
	}
	var keys []Key
	for _, i := range r.board.known.Images {
		keys = append(keys, Key{c.Name, i.Subject})
	}
	return keys
}

// close ends the case: as a whole, or as interrupted.
func (r *runner) close(ctx context.Context) {
	end := End{Status: Verified}
	if ctx.Err() != nil {
		end = End{Status: Unknown, Reason: "interrupted"}
	}
	r.board.finish(Event{End: &end})
}

// validate refuses a slice of checks that cannot be run: a mistake of the program, found at once.
func validate(checks []Check) error {
	at := map[string]int{}
	for i, c := range checks {
		if _, twice := at[c.Name]; twice || c.Name == "" {
			return fmt.Errorf("checks: the name %q stands twice or is empty", c.Name)
		}
		at[c.Name] = i
	}
	for i, c := range checks {
		for _, n := range c.Needs {
			j, ok := at[n]
			if !ok {
				return fmt.Errorf("checks: %s needs %q, which is not there", c.Name, n)
			}
			if j >= i {
				return fmt.Errorf("checks: %s needs %s, which must stand before it", c.Name, n)
			}
			if c.Scope == PerImage && checks[j].Scope == PerCase && checks[j].Resolves {
				return fmt.Errorf("checks: %s cannot need %s: it starts while that one still finds images", c.Name, n)
			}
		}
	}
	return nil
}
