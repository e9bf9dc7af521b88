package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
)

// Scope is how often a check runs.
type Scope int

const (
	// PerImage checks run once for each image, as soon as an ImageHead names it.
	PerImage Scope = iota
	// PerCase checks run once. One that needs a check of PerImage scope waits for it on every image.
	PerCase
)

// HeadStart is the longest time for which a check yields to those that collect what vanishes sooner.
const HeadStart = time.Second

// Grace is the time that a check has to end once its context has ended. One that takes longer, since a library in it
// takes no context, is left alone: nothing that it emits after that is recorded.
const Grace = time.Second

// Check looks at one thing and emits the facts that it finds. A new check is one package or file, and one line in the
// list of checks in cmd/backtrail.
type Check struct {
	Name  string // one of the codes in package inspect
	Scope Scope
	// Resolves marks the PerCase check that finds the images: no other check of PerCase scope that needs images starts
	// before it has ended.
	Resolves bool
	// Needs names the checks that must have ended first, well or badly, on the same container.
	Needs []string
	// YieldsTo names checks that go first, because what they collect vanishes sooner: this one starts once they have
	// ended on the same container, and no later than HeadStart after all that it needs is there. So nothing waits long
	// for what is slow, nor for what the plan leaves out.
	YieldsTo []string
	// Follows runs a PerCase check again whenever one of its needs has ended, and for the last time when all have, also
	// where the case was interrupted: it looks at nothing but the case. On.Waiting names what has not ended.
	Follows bool
	// Limit, where there is one, bounds the time that the check may take on a container. Past it the check is
	// blocked; what it emitted until then stays.
	Limit func(On) time.Duration
	// Run looks and emits. The engine fills in the check and the container of an event, the ledger its number and time.
	// An error or a panic blocks this check on this container; an *Outcome ends it as it names.
	Run func(ctx context.Context, on On, emit func(inspect.Event)) error
}

// On is what a check works on.
type On struct {
	Container string        // of the image; empty for a PerCase check
	Waiting   []inspect.Key // of a check that follows: its needs that have not ended
	ledger    *ledger.Ledger
}

// Image gives the image that the check works on, as far as it is known: a copy, with what other checks found so far.
func (o On) Image() inspect.Image {
	i, _ := o.ImageOf(o.Container)
	return i
}

// ImageOf gives the image of a container, as far as it is known.
func (o On) ImageOf(container string) (inspect.Image, bool) { return o.ledger.Image(container) }

// Case gives a copy of the case so far. Its lists may be read, not written.
func (o On) Case() inspect.Case { return o.ledger.Case() }

// Ended gives how a check that this one needs has ended on the same container, or on the case.
func (o On) Ended(check string) inspect.CheckState {
	if s, ok := o.ledger.Check(check, o.Container); ok {
		return s
	}
	s, _ := o.ledger.Check(check, "")
	return s
}

// Outcome is an error that ends a check with a status of its own.
type Outcome struct {
	Status inspect.CheckStatus
	Reason string
}

func (o *Outcome) Error() string { return o.Reason }

// Unchecked ends a check that could not look; the text is the reason.
func Unchecked(format string, args ...any) error {
	return &Outcome{inspect.CheckBlocked, fmt.Sprintf(format, args...)}
}

// Nothing ends a check that had nothing to look at; the text is the reason.
func Nothing(format string, args ...any) error {
	return &Outcome{inspect.CheckSkipped, fmt.Sprintf(format, args...)}
}

// outcome turns what a check returned into the end of that check. Only nil is done: an error of any other kind blocks
// the check, so that nothing that could not be looked at counts as looked at.
func outcome(ctx context.Context, err error) inspect.End {
	var o *Outcome
	switch {
	case err == nil:
		return inspect.End{Status: inspect.CheckDone}
	case errors.As(err, &o):
		return inspect.End{Status: o.Status, Reason: err.Error()}
	case ctx.Err() != nil:
		return inspect.End{Status: inspect.CheckBlocked, Reason: "interrupted: " + err.Error(), Interrupted: true}
	default:
		return inspect.End{Status: inspect.CheckBlocked, Reason: err.Error()}
	}
}

// Unfinished reports whether a check neither ran to its end nor found out that it cannot run: it was interrupted, or
// the program ended under it. A case that is gone on with runs such a check again.
func Unfinished(s inspect.CheckState) bool {
	return s.Running() || s.Interrupted
}

// guard runs a check; its panic becomes an error that names the place. It does not wait for a check that does not end
// with its context: after Grace its goroutine is left alone, with the gate closed. A check that ran past its Limit is
// blocked with the limit as the reason, whatever error it made of that itself.
func guard(ctx context.Context, c Check, on On, emit func(inspect.Event)) error {
	limited, stop, limit := ctx, func() {}, time.Duration(0)
	if c.Limit != nil {
		limit = c.Limit(on)
		limited, stop = context.WithTimeout(ctx, limit)
	}
	defer stop()
	gate := &gate{emit: emit}
	ended := make(chan error, 1)
	go func() {
		ended <- Protect(func() error { return c.Run(limited, on, gate.pass) })
	}()
	var err error
	select {
	case err = <-ended:
	case <-limited.Done():
		select {
		case err = <-ended:
		case <-time.After(Grace):
			gate.close()
			err = limited.Err()
		}
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return Unchecked("not finished within %s", text.Span(limit))
	}
	return err
}

// gate lets events pass until it is closed: a check that was left alone may go on emitting for as long as it likes.
type gate struct {
	mu     sync.Mutex
	closed bool
	emit   func(inspect.Event)
}

func (g *gate) pass(e inspect.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.emit(e)
	}
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
