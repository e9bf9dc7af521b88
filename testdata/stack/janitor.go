package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// shimGrace is how long the shims get to see their containers' end by themselves.
const shimGrace = 200 * time.Millisecond

// janitor is a process that cleans up behind the stack, also behind one that was killed and could not. It waits for the
// end of its standard input, which comes whenever the stack has ended.
type janitor struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// startJanitor returns when the janitor has seen the machine as it was before the stack.
func startJanitor(dir string) (*janitor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the stack's program: %w", err)
	}
	cmd := exec.Command(self, "janitor", "--dir", dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the janitor: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the janitor: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the janitor: %w", err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		return nil, fmt.Errorf("waiting for the janitor: %w", err)
	}
	return &janitor{cmd: cmd, stdin: stdin}, nil
}

// dismiss lets the janitor sweep and reports what it could not.
func (j *janitor) dismiss() error {
	if err := j.stdin.Close(); err != nil {
		return fmt.Errorf("releasing the janitor: %w", err)
	}
	if err := j.cmd.Wait(); err != nil {
		return fmt.Errorf("sweeping: %w", err)
	}
	return nil
}

// runJanitor looks, waits and sweeps.
func runJanitor(args []string) error {
	flags := flag.NewFlagSet("janitor", flag.ContinueOnError)
	dir := flags.String("dir", "", "the stack's folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	before := foreignFolders()
	fmt.Println("watching")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return fmt.Errorf("waiting for the stack's end: %w", err)
	}
	return errors.Join(sweep(*dir), removeFolders(before))
}

// sweep ends the containers and shims that belong to the stack in dir; after an orderly stop it finds none. With them
// goes the stack's mount namespace and so all its mounts.
func sweep(dir string) error {
	deleteContainers(dir)
	var errs []error
	for _, pid := range shims(dir) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("killing shim %d: %w", pid, err))
		}
	}
	return errors.Join(errs...)
}

// deleteContainers has runc kill and forget every container whose state lies in the stack's folder
// (runc's root, then the containerd namespace, then the id), and removes its cgroups with it.
func deleteContainers(dir string) {
	states, err := filepath.Glob(filepath.Join(runcRoot(dir), "*", "*"))
	if err != nil {
		return
	}
	for _, state := range states {
		// An error means that it has just gone.
		_ = exec.Command("runc", "--root", filepath.Dir(state), "delete", "--force", filepath.Base(state)).Run()
	}
	if len(states) > 0 {
		time.Sleep(shimGrace)
	}
}

// shims lists the containerd shims that were started for this stack's socket.
func shims(dir string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		cmdline, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err != nil {
			continue
		}
		args := strings.Split(string(cmdline), "\x00")
		if strings.HasPrefix(filepath.Base(args[0]), "containerd-shim") && slices.Contains(args, containerdSocket(dir)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// foreignFolders lists what servers make outside of the stack's folder and no flag can move: the fixed folders, and the
// cgroups for containers whose pod has none of its own (named after containerd's namespace, one in each hierarchy).
func foreignFolders() []string {
	var found []string
	for _, pattern := range append([]string{"/sys/fs/cgroup/*/k8s.io", "/sys/fs/cgroup/k8s.io"}, fixedFolders...) {
		matches, _ := filepath.Glob(pattern) // the patterns are good
		found = append(found, matches...)
	}
	return found
}

// removeFolders removes those of them that were not there before; they are empty by now.
func removeFolders(before []string) error {
	var errs []error
	for _, folder := range foreignFolders() {
		if slices.Contains(before, folder) {
			continue
		}
		if err := syscall.Rmdir(folder); err != nil {
			errs = append(errs, fmt.Errorf("removing %s: %w", folder, err))
		}
	}
	return errors.Join(errs...)
}
