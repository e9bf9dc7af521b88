package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// measured is one run of a program.
type measured struct {
	used
	stdout []byte
}

// used is what a run of a program took.
type used struct {
	Took time.Duration // wall clock
	CPU  time.Duration // user and system
	Peak int64         // bytes: ru_maxrss, or VmHWM for a terminal UI
	Code int           // exit code
}

// measure runs a program to its end. Exit codes other than those named are errors.
func measure(ctx context.Context, env []string, allowed []int, program string, args ...string) (measured, error) {
	self, err := os.Executable()
	if err != nil {
		return measured{}, fmt.Errorf("finding this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, append([]string{verbMeasure, program}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := os.CreateTemp("", "bench-out-") // a pipe would have this program take part in the work
	if err != nil {
		return measured{}, fmt.Errorf("keeping output: %w", err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	usage, write, err := os.Pipe()
	if err != nil {
		return measured{}, fmt.Errorf("asking for what was used: %w", err)
	}
	defer usage.Close()
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, &stderr, []*os.File{write}
	err = cmd.Run()
	write.Close()
	var m measured
	if failed := json.NewDecoder(usage).Decode(&m.used); failed != nil {
		return m, fmt.Errorf("running %s: %w: %s", program, errors.Join(err, failed), tail(stderr.Bytes()))
	}
	if !slices.Contains(allowed, m.Code) {
		return m, fmt.Errorf("running %s %s: exit %d: %s", filepath.Base(program), strings.Join(args, " "), m.Code, tail(stderr.Bytes()))
	}
	m.stdout, err = os.ReadFile(out.Name())
	return m, err
}

// measureHere runs the program args[0] and writes to file descriptor 3 what it used. It is a process of its own, because
// Linux hands a child the peak of the process that started it, and this one is small.
func measureHere(ctx context.Context, args []string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	began := time.Now()
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return fmt.Errorf("running %s: %w", args[0], err)
	}
	return json.NewEncoder(os.NewFile(3, "usage")).Encode(usedBy(cmd.ProcessState, time.Since(began)))
}

func usedBy(state *os.ProcessState, took time.Duration) used {
	u := used{Took: took, CPU: state.UserTime() + state.SystemTime(), Code: state.ExitCode()}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.Peak = usage.Maxrss * 1024
	}
	return u
}

// must runs a program whose time is of no interest.
func must(ctx context.Context, env []string, program string, args ...string) error {
	_, err := measure(ctx, env, []int{0}, program, args...)
	return err
}

// gently is a command at low priority: what is only prepared must not disturb others on the machine.
func gently(ctx context.Context, program string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nice", append([]string{"-n", "15", program}, args...)...)
}

// say prints what happens, on stderr: stdout is the table's.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

// tail is the end of a program's output, enough to see why it failed.
func tail(out []byte) string {
	const most = 800
	out = bytes.TrimSpace(out)
	return string(out[max(0, len(out)-most):])
}
