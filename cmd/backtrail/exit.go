package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
	"github.com/backtrail/backtrail/registry"
)

// Exit codes: scripts depend on them, and `backtrail help exit-codes` documents them. They are never given a second
// meaning; a new outcome gets a new code.
const (
	exitPassed      = 0
	exitCouldNotRun = 1   // nothing is known about the target: a local fault, an unreachable cluster, no such image
	exitUsage       = 2   // a mistake in the command line
	exitFailed      = 3   // problems were found
	exitIncomplete  = 4   // nothing was found, and something that was required could not be checked
	exitInterrupted = 130 // 128 + SIGINT, as shells report it
)

// exitError ends the program with a code of its own. It may stand anywhere in a chain of errors: the outermost one has
// the code. Its text is printed on stderr, and its hints below.
type exitError struct {
	code  int
	err   error
	hints []string
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage is a mistake in the command line. Such an error comes before anything was read, printed or recorded, wherever
// that is possible.
func usage(format string, args ...any) error {
	return &exitError{
		code: exitUsage, err: fmt.Errorf(format, args...),
		hints: []string{"backtrail --help lists commands and flags"},
	}
}

// hinted adds lines about what to try next. The exit code of an error that has one stays: a mistake in the command line
// remains one, however far down it was noticed.
func hinted(err error, hints ...string) error {
	code := exitCouldNotRun
	var inner *exitError
	if errors.As(err, &inner) {
		code = inner.code
	}
	return &exitError{code: code, err: err, hints: hints}
}

// exitCode prints an error with its hints and gives its exit code. Text of an error may come from a registry, a
// cluster or an image: control characters are shown as signs, so that it cannot draw on the terminal or forge a line
// of its own. Indented lines below the first are reasons, which is why line breaks stay.
func exitCode(w io.Writer, err error) int {
	if err == nil {
		return exitPassed
	}
	code := exitCouldNotRun
	var exit *exitError
	var ambiguous *registry.AmbiguousError
	switch {
	case errors.As(err, &exit):
		code = exit.code
	case errors.As(err, &ambiguous): // a layout with several images, of which the target names none
		code = exitUsage
	case errors.Is(err, context.Canceled):
		code, err = exitInterrupted, errors.New("interrupted")
	}
	fmt.Fprintf(w, "backtrail: %s\n", text.CleanLines(err.Error()))
	for _, h := range hints(err) {
		fmt.Fprintf(w, "hint: %s\n", text.Clean(h))
	}
	return code
}

// hints are those of the outermost error of a chain that has any.
func hints(err error) []string {
	var exit *exitError
	// Each turn goes below the exitError that was found, so that the loop ends with the chain.
	for at := err; errors.As(at, &exit); at = exit.err {
		if len(exit.hints) > 0 {
			return exit.hints
		}
	}
	var advised interface{ Hints() []string }
	if errors.As(err, &advised) {
		return advised.Hints()
	}
	return nil
}

// endOf turns the outcome of a case into the end of the program. Interruption comes first: a case that was cut short
// has no outcome, though it may already contain a finding.
func endOf(c *inspect.Case, interrupted bool) error {
	v := verdict.Of(c)
	code := exitPassed
	switch {
	case interrupted:
		code = exitInterrupted
	case v.Status == inspect.CaseFailed:
		code = exitFailed
	case v.Status == inspect.CaseIncomplete:
		code = exitIncomplete
	}
	if code == exitPassed {
		return nil
	}
	words := v.Words(c)
	if interrupted {
		words = "interrupted: the case is partial"
	}
	for n, w := range v.Reasons {
		if n == maxReasons {
			words += fmt.Sprintf("\n  and %d more", len(v.Reasons)-n)
			break
		}
		words += "\n  " + text.Clean(w)
	}
	return &exitError{code: code, err: errors.New(words)}
}

// maxReasons bounds how many reasons are printed at the end. The report above has all of them; these lines are what a
// CI job shows last.
const maxReasons = 8
