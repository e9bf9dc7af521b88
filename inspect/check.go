package inspect

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// Scope says how often a check runs.
type Scope int

const (
	// PerImage checks run once for each image, as soon as an Image event names it.
	PerImage Scope = iota
	// PerCase checks run once. One that needs a check of PerImage scope waits for it on every image.
	PerCase
)

// HeadStart is the longest time that a check lets those go first that it comes after.
const HeadStart = time.Second

// Check looks at one thing and says what it sees. A new check is one package or file, and one line in the slice of
// checks in cmd/backtrail.
type Check struct {
	Name  string
	Scope Scope
	// Resolves marks the PerCase check that finds the images: no other check of PerCase scope that needs images starts
	// before it has ended.
	Resolves bool
	// Needs names the checks that must have ended first, well or badly, on the same subject.
	Needs []string
	// After names checks that go first, because what they keep vanishes sooner: this one starts once they have ended on the
	// same subject, and no later than HeadStart after all that it needs is there. So nothing waits long for what is slow,
	// nor for what the plan leaves out.
	After []string
	// Follows runs a PerCase check again whenever one of its needs has ended, and for the last time when all have, also
	// where the case was interrupted: it looks at nothing but the case. On.Waiting says what has not ended.
	Follows bool
	// Run looks and emits. The engine fills in Seq, Time, Check and Subject. An error or a panic becomes unknown of this
	// check and subject; an *Outcome becomes what it says.
	Run func(ctx context.Context, on On, emit func(Event)) error
}

// On is what a check works on.
type On struct {
	Subject string // of the image; empty for a PerCase check
	Waiting []Key  // of a check that follows: its needs that have not ended
	board   *board
}

// Image gives the image that the check works on, as far as it is known.
func (o On) Image() Image {
	i, _ := o.ImageOf(o.Subject)
	return i
}

// ImageOf gives the image of a subject, as far as it is known.
func (o On) ImageOf(subject string) (Image, bool) { return o.board.image(subject) }

// Case gives a copy of the case so far. Its lists may be read, not written.
func (o On) Case() Case { return o.board.snapshot() }

// Ended gives how a check that this one needs has ended on the same subject.
func (o On) Ended(check string) CheckState { return o.board.check(check, o.Subject) }

// Outcome is an error that ends a check with a status of its own.
type Outcome struct {
	Status Status
	Reason string
}

func (o *Outcome) Error() string { return o.Reason }

// Unchecked ends a check as unknown: it could not look, and this is why.
func Unchecked(format string, args ...any) error {
	return &Outcome{Unknown, fmt.Sprintf(format, args...)}
}

// Nothing ends a check as absent: there is nothing to look at, and this is why.
func Nothing(format string, args ...any) error {
	return &Outcome{Absent, fmt.Sprintf(format, args...)}
}

// outcome turns what a check returned into the end of that check.
func outcome(ctx context.Context, err error) End {
	var o *Outcome
	switch {
	case err == nil:
		return End{Status: Verified}
	case errors.As(err, &o):
		return End{Status: o.Status, Reason: err.Error()}
	case ctx.Err() != nil:
		return End{Status: Unknown, Reason: "interrupted: " + err.Error()}
	default:
		return End{Status: Unknown, Reason: err.Error()}
	}
}

// guard runs a check and turns its panic into an error that names the place.
func guard(ctx context.Context, c Check, on On, emit func(Event)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the check broke (a defect of backtrail, please report it): %v at %s", r, place(debug.Stack()))
		}
	}()
	return c.Run(ctx, on, emit)
}

// place finds the first line of our own code under the panic in a stack.
func place(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	seen := false
	for _, l := range lines {
		if strings.HasPrefix(l, "panic(") {
			seen = true
			continue
		}
		if seen && strings.HasPrefix(l, "\t") && !strings.Contains(l, "/runtime/") {
			file, _, _ := strings.Cut(strings.TrimSpace(l), " ")
			return file[strings.LastIndex(file, "/")+1:]
		}
	}
	return "an unknown place"
}
