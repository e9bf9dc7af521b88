//go:build unix

package kube

import (
	"errors"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

// redirectStderr puts w in the place of descriptor 2 until back is called.
func redirectStderr(w *os.File) (back func(), err error) {
	saved, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	real := os.NewFile(uintptr(saved), "stderr")
	if err := unix.Dup2(int(w.Fd()), 2); err != nil {
		return nil, errors.Join(err, real.Close())
	}
	// A crash is worth a torn screen; without this the last words would be lost in the pipe.
	_ = debug.SetCrashOutput(real, debug.CrashOptions{})
	return func() {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
		_ = unix.Dup2(saved, 2)
		_ = real.Close()
	}, nil
}

// pipeGrace is until when lines already written are still read.
func pipeGrace() time.Time { return time.Now().Add(100 * time.Millisecond) }
