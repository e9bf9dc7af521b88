package main

import (
	"bytes"
	"context"
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

// measured is what one run of a program took.
type measured struct {
	took   time.Duration // wall clock
	cpu    time.Duration // user and system
	peak   int64         // ru_maxrss, bytes
	code   int
	stdout []byte
}

// measure runs a program to its end. Exit codes other than those named are errors. Mind that Linux hands a child the
// peak of the process that started it, so peaks below this program's own (some 50 MiB) cannot be seen.
func measure(ctx context.Context, env []string, allowed []int, program string, args ...string) (measured, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := os.CreateTemp("", "bench-out-") // a pipe would have this program take part in the work
	if err != nil {
		return measured{}, fmt.Errorf("keeping output: %w", err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &stderr
	began := time.Now()
	err = cmd.Run()
	m := measured{took: time.Since(began)}
	if cmd.ProcessState == nil {
		return m, fmt.Errorf("running %s: %w", program, err)
	}
	m.cpu, m.code = cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), cmd.ProcessState.ExitCode()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peak = usage.Maxrss * 1024
	}
	if err != nil && !errors.As(err, new(*exec.ExitError)) || !slices.Contains(allowed, m.code) {
		return m, fmt.Errorf("running %s %s: exit %d: %s", filepath.Base(program), strings.Join(args, " "), m.code, tail(stderr.Bytes()))
	}
	m.stdout, err = os.ReadFile(out.Name())
	return m, err
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

// say tells what happens, on stderr: stdout is the table's.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

// tail is the end of what a program said, enough to see why it failed.
func tail(out []byte) string {
	const most = 800
	out = bytes.TrimSpace(out)
	return string(out[max(0, len(out)-most):])
}
