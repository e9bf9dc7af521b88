//go:build unix

package ledger

import (
	"os"
	"syscall"
)

// lock takes the file for this process; the lock ends when the file is closed or the process ends. It does not wait:
// another process may hold a case for hours.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// locked reports whether another process, or another ledger of this one, has the file open for writing.
func locked(f *os.File) bool {
	fd := int(f.Fd())
	if err := syscall.Flock(fd, syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return true
	}
	_ = syscall.Flock(fd, syscall.LOCK_UN)
	return false
}

// lockWait waits until no other process has the file. Writers of the access log hold it for one line.
func lockWait(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }
