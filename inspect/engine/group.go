package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
)

// Group runs the goroutines of one check. A panic in one of them becomes its error, so that it ends the check and not
// the program. The zero Group is ready; it must not be used again after Wait.
type Group struct {
	work  sync.WaitGroup
	mu    sync.Mutex
	errs  []error
	limit chan struct{}
}

// NewGroup gives a group of which at most limit goroutines run at once; 0 stands for no limit.
func NewGroup(limit int) *Group {
	g := &Group{}
	if limit > 0 {
		g.limit = make(chan struct{}, limit)
	}
	return g
}

// Go runs f in a goroutine, once there is room for it: with a limit it waits until then, so that it must not be called
// from within a goroutine of the same group.
func (g *Group) Go(f func() error) {
	if g.limit != nil {
		g.limit <- struct{}{}
	}
	g.work.Add(1)
	go func() {
		defer g.work.Done()
		if g.limit != nil {
			defer func() { <-g.limit }()
		}
		if err := Protect(f); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.errs = append(g.errs, err)
		}
	}()
}

// Wait waits for all goroutines and joins their errors, in the order in which they ended.
func (g *Group) Wait() error {
	g.work.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return errors.Join(g.errs...)
}

// PanicError is the error that a panic became. It is a defect of the program, which hostile input may have found: it
// blocks the check that it was in, and the case is incomplete.
type PanicError struct {
	Value any
	Place string // file:line of our own code
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("a defect of backtrail, please report it: %v at %s", e.Value, e.Place)
}

// Protect calls f and turns a panic into a PanicError.
func Protect(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{Value: r, Place: place(debug.Stack())}
		}
	}()
	return f()
}

// place finds the first line of our own code under the panic in a stack, as runtime/debug.Stack writes it:
//
//	panic({0x…, 0x…})
//		/usr/local/go/src/runtime/panic.go:792 +0x132
//	github.com/…/layer.read(…)
//		/src/inspect/layer/read.go:41 +0x1d
func place(stack []byte) string {
	seen := false
	for l := range strings.SplitSeq(string(stack), "\n") {
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
