package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// SetAside renames a damaged journal, with the files that SQLite keeps beside it, so that a new one can take its place.
// Nothing is deleted. notice describes for a person what was done and how to get at what is left.
func SetAside(path string) (notice string, err error) {
	// the clock is used for a name alone; two within one second get a number
	stamp := time.Now().UTC().Format("20060102T150405Z")
	to := path + ".damaged-" + stamp
	for n := 2; Exists(to); n++ {
		to = fmt.Sprintf("%s.damaged-%s-%d", path, stamp, n)
	}
	for _, suffix := range []string{"-wal", "-shm", ""} { // the file itself last: it is what another process looks for
		err := os.Rename(path+suffix, to+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("setting the damaged journal aside: %w", err)
		}
	}
	return fmt.Sprintf("the journal was damaged and is now %s; a new one begins. Much of it can often be read back: "+
		"sqlite3 %s .recover", to, to), nil
}

// PRAGMA integrity_check reads every page and compares tables with their indexes (www.sqlite.org/pragma.html).
// Check reads the whole file and returns what is wrong with it, in SQLite's words; nothing where it is sound. At most
// 100 problems are returned.
func (j *Journal) Check(ctx context.Context) ([]string, error) {
	var problems []string
	err := j.query(ctx, "checking the journal", func(r *sql.Rows) error {
		var line string
		if err := r.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			problems = append(problems, line)
		}
		return nil
	}, "PRAGMA integrity_check(100)")
	// SQLite ends the check with an error where the damage is too large to go on: that is an answer of the check, and
	// no failure of it.
	if errors.Is(err, ErrDamaged) {
		return append(problems, err.Error()), nil
	}
	return problems, err
}
