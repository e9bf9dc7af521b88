package kube

import (
	"errors"
	"fmt"
)

// What went wrong, for errors.Is.
var (
	ErrNoConfig     = errors.New("no kubeconfig")
	ErrUnreachable  = errors.New("no answer from the API server")
	ErrUnauthorized = errors.New("not logged in")
	ErrForbidden    = errors.New("not permitted")
	ErrNotFound     = errors.New("not found")
	ErrRefused      = errors.New("refused: backtrail only reads")
	ErrLimit        = errors.New("past a limit")
)

// Error is a failed read, with what to try next. errors.Is finds its Kind and its cause.
type Error struct {
	Doing string   // gerund and object: "reading pod shop/web-0"
	Kind  error    // one of the errors above, or nil
	Err   error    // the cause
	Hint  []string // what to try, one line each
}

// Error describes what was being done and why it failed, without the hints.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Doing + ": " + e.Kind.Error()
	}
	return e.Doing + ": " + e.Err.Error()
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// recovered makes an error of a panic. It is deferred in everything that runs beside other work: a panic in a goroutine
// would end the program and with it the case.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("internal error: %v", p)
	}
}

// Hints are lines on what to try, for the command line to print below the error.
func (e *Error) Hints() []string { return e.Hint }
