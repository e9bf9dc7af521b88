package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	startTimeout = 90 * time.Second      // for one server, on a machine that is busy
	stopTimeout  = 10 * time.Second      // for one server; then it is killed
	pollInterval = 50 * time.Millisecond // between two questions whether it is ready
)

// server is one running child process.
type server struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // valid after done
}

// startServer runs a program with its output in DIR/log/NAME.log. The kernel kills the child if the stack's
// main thread dies, so it must be called from there (prctl(2), PR_SET_PDEATHSIG).
func startServer(dir, name, program string, args ...string) (*server, error) {
	logFile, err := os.Create(filepath.Join(dir, "log", name+".log"))
	if err != nil {
		return nil, fmt.Errorf("making the log of %s: %w", name, err)
	}
	defer func() { _ = logFile.Close() }()
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	// A group of its own: ctrl+c reaches the stack only, which then stops the servers in their order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	s := &server{name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		s.err = cmd.Wait()
		close(s.done)
	}()
	return s, nil
}

// ready asks until check succeeds; a server that has ended will never be ready.
func (s *server) ready(ctx context.Context, check func() error) error {
	deadline := time.Now().Add(startTimeout)
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("starting %s: it ended (%v), see its log", s.name, s.err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("starting %s: not ready after %s: %w", s.name, startTimeout, err)
		}
	}
}

// stop asks the server to end, waits, and kills it if it does not.
func (s *server) stop() error {
	if s == nil {
		return nil
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
		return nil
	case <-time.After(stopTimeout):
	}
	_ = s.cmd.Process.Kill()
	<-s.done
	return fmt.Errorf("stopping %s: killed after %s", s.name, stopTimeout)
}

// dialable is a readiness check: something listens at addr.
func dialable(network, addr string) func() error {
	return func() error {
		conn, err := net.DialTimeout(network, addr, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// freeAddrs finds n free ports on loopback. All are held until all are found, so that they differ.
func freeAddrs(n int) ([]string, error) {
	var addrs []string
	var held []net.Listener
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		held = append(held, l)
		addrs = append(addrs, l.Addr().String())
	}
	var errs []error
	for _, l := range held {
		errs = append(errs, l.Close())
	}
	return addrs, errors.Join(errs...)
}
