package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxDir keeps the longest socket path below the 108 bytes that the kernel allows (unix(7)).
const maxDir = 80

// up starts the stack and keeps it until somebody ends it.
func up(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder for all state; made if missing")
	kubelet := flags.Bool("kubelet", true, "run containerd and a kubelet (needs root and containerd)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" {
		return usage
	}
	abs, err := filepath.Abs(*dir)
	if err != nil {
		return fmt.Errorf("finding the stack's folder: %w", err)
	}
	if len(abs) > maxDir {
		return fmt.Errorf("starting the stack in %s: the path is longer than %d bytes, too long for sockets below it", abs, maxDir)
	}
	// PR_SET_PDEATHSIG of a child means the death of the thread that made it: this one lives as long as the stack.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0); err != nil {
		return fmt.Errorf("asking to be told of the parent's death: %w", err)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go cancelAtEOF(cancel)
	return newStack(abs, *kubelet).run(ctx)
}

// cancelAtEOF ends the stack when a piped standard input ends, that is, when the process at its other end is gone.
func cancelAtEOF(cancel context.CancelFunc) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
}

// run starts everything, prints a line, waits for the end, and stops everything in its order whatever happened before.
func (s *stack) run(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Join(s.dir, "log"), 0o700); err != nil {
		return fmt.Errorf("making the stack's folder: %w", err)
	}
	watch, err := startJanitor(s.dir)
	if err != nil {
		return err
	}
	began := time.Now()
	err = s.start(ctx)
	if err == nil {
		fmt.Printf("ready after %.1f s: %s\n", time.Since(began).Seconds(), s.dir)
		err = s.wait(ctx)
	}
	if ctx.Err() != nil {
		err = nil // told to stop: not an error, also in the middle of the start
	}
	return errors.Join(err, s.stop(), watch.dismiss())
}

// wait returns when ctx ends, or when a server ends that should not.
func (s *stack) wait(ctx context.Context) error {
	ended := make(chan *server, len(s.servers()))
	for _, srv := range s.servers() {
		go func() {
			<-srv.done
			ended <- srv
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case srv := <-ended:
		return fmt.Errorf("running %s: it ended (%v), see its log", srv.name, srv.err)
	}
}

// stop ends the servers from the top down: the kubelet first, so that nothing starts a pod again, etcd after those that write to it.
func (s *stack) stop() error {
	errs := []error{s.kubelet.stop()}
	if s.containerd != nil {
		errs = append(errs, removePods(containerdSocket(s.dir)))
	}
	for _, srv := range []*server{s.controllers, s.apiServer, s.containerd, s.etcd, s.registry, s.referrers, s.private} {
		errs = append(errs, srv.stop())
	}
	return errors.Join(errs...)
}

// port is the port of host:port.
func port(addr string) string {
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}
	return p
}
