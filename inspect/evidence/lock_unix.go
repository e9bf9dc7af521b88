//go:build unix

package evidence

import (
	"os"
	"syscall"
)

// lock takes the file for this process; it is let go when the file is closed or the process ends.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// locked says that another process, or another recorder of this one, writes the file.
func locked(f *os.File) bool {
	fd := int(f.Fd())
	if err := syscall.Flock(fd, syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return true
	}
	_ = syscall.Flock(fd, syscall.LOCK_UN)
	return false
}
