package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	sqlite "github.com/glebarez/go-sqlite"
)

// busyTimeout is how long a change waits for that of another process.
const busyTimeout = 20 * time.Second

// ErrDamaged marks errors of a file that SQLite cannot read as a database. What it holds is not lost: see SetAside.
var ErrDamaged = errors.New("the journal's file is damaged")

// ErrNewer marks errors of a file that a newer version of the program wrote. It is left as it is.
var ErrNewer = errors.New("the journal was written by a newer version of backtrail")

// Journal is an open journal. It is safe for concurrent use, and several processes may have the same file open.
type Journal struct {
	db     *sql.DB
	path   string
	notice string

	mu sync.Mutex // held by the one change of this process that is being made
}

// Path is where the journal lies below the program's data directory.
func Path(dir string) string { return filepath.Join(dir, "journal.db") }

// Exists reports whether there is a journal at a path. Nothing is created.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Open opens the journal at a path, and creates it with its folder where there is none. A file that is no database any
// more is set aside, and an empty journal takes its place: Notice then describes what happened. Errors: ErrNewer, and
// those of the file system.
func Open(ctx context.Context, path string) (*Journal, error) {
	j, err := open(ctx, path)
	if !errors.Is(err, ErrDamaged) {
		return j, err
	}
	// A responder at work needs a journal that can be written; what the damaged one holds is for later, and is kept.
	notice, errAside := SetAside(path)
	if errAside != nil {
		return nil, errors.Join(err, errAside)
	}
	if j, err = open(ctx, path); err != nil {
		return nil, err
	}
	j.notice = notice
	return j, nil
}

// open opens the journal, or returns ErrDamaged.
func open(ctx context.Context, path string) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the journal's folder: %w", err)
	}
	// SQLite would create the file readable by others; what runs where is nobody else's business.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	db, err := sql.Open("sqlite", source(path))
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	j := &Journal{db: db, path: path}
	if err := j.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the journal %s: %w", path, err), db.Close())
	}
	return j, nil
}

// source is the data source of a path. Write-ahead logging lets others read during a change and survives a kill at any
// point; NORMAL loses at most the last changes when the machine itself loses power, and never the file.
func source(path string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "journal_mode(WAL)", "synchronous(NORMAL)",
		"foreign_keys(OFF)", "temp_store(MEMORY)", "cache_size(-32768)", // KiB
	}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// Close closes the journal.
func (j *Journal) Close() error { return j.db.Close() }

// Path is where the journal's file is.
func (j *Journal) Path() string { return j.path }

// Notice describes for a person what happened when the journal was opened; empty where nothing did.
func (j *Journal) Notice() string { return j.notice }

// damage gives errors of a broken file their mark.
func damage(err error) error {
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch s.Code() & 0xff { // primary result codes, https://www.sqlite.org/rescode.html
		case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return err
}

// change makes one change: all of it, or nothing. doing names it in errors: "storing the facts of X".
func (j *Journal) change(ctx context.Context, doing string, f func(w *writer) error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	// _txlock=immediate takes the lock for writing at the beginning: two processes wait for each other, instead of one
	// failing in the middle with SQLITE_BUSY.
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, damage(err))
	}
	w := &writer{ctx: ctx, tx: tx, prepared: map[string]*sql.Stmt{}}
	if err := f(w); err != nil {
		_ = tx.Rollback()
		return fmt.Errorf("%s: %w", doing, damage(err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", doing, damage(err))
	}
	return nil
}

// query gives each row of a query to scan.
func (j *Journal) query(ctx context.Context, doing string, scan func(*sql.Rows) error, text string, args ...any) error {
	rows, err := j.db.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, damage(err))
	}
	defer rows.Close()
	// Rows are read one by one while another process may write: with write-ahead logging a reader sees the state of its
	// beginning.
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", doing, damage(err))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, damage(err))
	}
	return nil
}

// writer is a change that is being made. Its statements are prepared once each.
type writer struct {
	ctx      context.Context
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
}

func (w *writer) statement(text string) (*sql.Stmt, error) {
	if s, ok := w.prepared[text]; ok {
		return s, nil
	}
	s, err := w.tx.PrepareContext(w.ctx, text)
	if err == nil {
		w.prepared[text] = s
	}
	return s, err
}

// run executes a statement.
func (w *writer) run(text string, args ...any) error {
	s, err := w.statement(text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(w.ctx, args...)
	return err
}

// number returns the first column of the first row; found is false where there is no row.
func (w *writer) number(text string, args ...any) (n int64, found bool, err error) {
	s, err := w.statement(text)
	if err != nil {
		return 0, false, err
	}
	err = s.QueryRowContext(w.ctx, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return n, err == nil, err
}

// idOf returns the number of a row of a dictionary, which insert makes where find does not find it. Both take the same
// arguments.
func (w *writer) idOf(find, insert string, args ...any) (int64, error) {
	n, found, err := w.number(find, args...)
	if err != nil || found {
		return n, err
	}
	s, err := w.statement(insert)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(w.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}
