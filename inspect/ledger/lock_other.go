//go:build !unix

package ledger

import "os"

// lock does nothing where there is no flock: a case's folder is made by one process, and only Resume could meet
// another.
func lock(*os.File) error { return nil }

func locked(*os.File) bool { return false }

// lockWait waits until no other process has the file.
func lockWait(*os.File) error { return nil }
