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

	"golang.org/x/sys/unix"
)

// startJanitor starts the process that cleans up behind the stack, also behind one that was killed and could not. It
// waits for the end of its standard input, which comes whenever the stack has ended.
func startJanitor(dir string) (*exec.Cmd, io.Closer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("starting the janitor: %w", err)
	}
	cmd := exec.Command(self, "janitor", "--dir", dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("starting the janitor: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("starting the janitor: %w", err)
	}
	return cmd, stdin, nil
}

// runJanitor waits and sweeps.
func runJanitor(args []string) error {
	flags := flag.NewFlagSet("janitor", flag.ContinueOnError)
	dir := flags.String("dir", "", "the stack's folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return fmt.Errorf("waiting for the stack's end: %w", err)
	}
	return sweep(*dir)
}

// sweep ends the containers and shims that belong to the stack in dir and unmounts what is mounted below it. After an orderly
// stop it finds nothing. Only what names this folder is touched.
func sweep(dir string) error {
	deleteContainers(dir)
	var errs []error
	for _, pid := range shims(dir) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("killing shim %d: %w", pid, err))
		}
	}
	mounts, err := mountsBelow(dir)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, mount := range slices.Backward(mounts) {
		if err := unix.Unmount(mount, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) {
			errs = append(errs, fmt.Errorf("unmounting %s: %w", mount, err))
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
		// An error means that it has just gone; what is left shows as a mount.
		_ = exec.Command("runc", "--root", filepath.Dir(state), "delete", "--force", filepath.Base(state)).Run()
	}
	if len(states) > 0 {
		time.Sleep(200 * time.Millisecond) // the shims see their containers' end and unmount
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

// mountsBelow lists the mount points below dir in the order in which they were mounted (proc_pid_mountinfo(5), field 5).
func mountsBelow(dir string) ([]string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading mounts: %w", err)
	}
	defer func() { _ = f.Close() }()
	var mounts []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			mounts = append(mounts, fields[4])
		}
	}
	return mounts, lines.Err()
}
