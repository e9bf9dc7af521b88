// Package terminal runs built programs as a person would: to their end, or in a pseudo-terminal whose screen can be read.
package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Program is a built program with the environment that it runs in.
type Program struct {
	Path string
	Dir  string   // where it runs; empty: here
	Env  []string // added to this process's
}

// Result is what a run gave.
type Result struct {
	Args   []string
	Stdout string
	Stderr string
	Code   int
	Took   time.Duration
}

// maxShown keeps a failing test's message readable.
const maxShown = 4000

// String shows a run as a person would paste it.
func (r *Result) String() string {
	shown := func(s string) string {
		if len(s) > maxShown {
			return s[:maxShown] + "…"
		}
		return s
	}
	return fmt.Sprintf("$ %q (exit %d, %s)\n--- stdout\n%s\n--- stderr\n%s", r.Args, r.Code, r.Took.Round(time.Millisecond), shown(r.Stdout), shown(r.Stderr))
}

// Run runs the program to its end with nothing on its standard input. An exit code is a result, not an error.
func (p *Program) Run(ctx context.Context, args ...string) (*Result, error) {
	return p.run(exec.CommandContext(ctx, p.Path, args...))
}

// Interrupt runs the program and presses ctrl+c after a while.
func (p *Program) Interrupt(ctx context.Context, after time.Duration, args ...string) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptGrace
	return p.run(cmd)
}

// interruptGrace is how long an interrupted program may take to print what it has, before it is killed.
const interruptGrace = 15 * time.Second

func (p *Program) run(cmd *exec.Cmd) (*Result, error) {
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), p.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return nil, fmt.Errorf("running %s: %w", p.Path, err)
	}
	r := &Result{
		Args: append([]string{filepath.Base(p.Path)}, cmd.Args[1:]...), Stdout: stdout.String(), Stderr: stderr.String(),
		Code: cmd.ProcessState.ExitCode(), Took: time.Since(began),
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, context.DeadlineExceeded) {
		return r, fmt.Errorf("running %s: %w", p.Path, err)
	}
	return r, nil
}

// Must runs the program and takes any exit code but 0 for an error.
func (p *Program) Must(ctx context.Context, args ...string) (*Result, error) {
	r, err := p.Run(ctx, args...)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("running %s: %s", p.Path, r)
	}
	return r, err
}

// Build builds a package of the module in moduleDir as out. An environment variable that names a program which is built already
// saves the time.
func Build(ctx context.Context, variable, moduleDir, pkg, out string, flags ...string) (*Program, error) {
	if path := os.Getenv(variable); path != "" {
		return &Program{Path: path}, nil
	}
	args := append(append([]string{"build"}, flags...), "-o", out, pkg)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = moduleDir
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building %s: %w\n%s", pkg, err, output)
	}
	return &Program{Path: out}, nil
}
