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

// Exit codes (CONTRACT): scripts depend on them.
const (
	exitPassed      = 0
	exitCouldNotRun = 1
	exitUsage       = 2
	exitFailed      = 3
	exitIncomplete  = 4
	exitInterrupted = 130
)

// exitError ends the program with a code of its own. Its text is printed on stderr, and its hints below.
type exitError struct {
	code  int
	err   error
	hints []string
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// usage is a mistake in the command line.
func usage(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...),
		hints: []string{"backtrail --help lists commands and flags"}}
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

// exitCode prints an error with its hints and gives its exit code.
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
	case errors.As(err, &ambiguous):
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

// endOf turns the outcome of a case into the end of the program.
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

// maxReasons bounds how many reasons are printed at the end.
const maxReasons = 8
