package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// The files of a saved case.
const (
	eventsFile  = "events.jsonl"
	accessFile  = "access.jsonl"
	summaryFile = "summary.json"
	cutFile     = "events.cut"

	accessCutFile = "access.cut"
)

// maxSameName bounds the cases of one target that begin in the same second.
const maxSameName = 1000

// file is the record on disk. Its case is locked while it is open: two processes never write one file. The lock is that
// of the kernel on the open file (flock(2)), so that a crash releases it.
type file struct {
	id  string
	dir string
	f   *os.File
}

// Create begins a case below dir, which it makes with mode 0700, with its header and the session as the first
// entries. A second case of the same target and second gets a name of its own.
func Create(dir string, h inspect.Header, s inspect.Session, now func() time.Time) (*Ledger, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of cases: %w", err)
	}
	first := inspect.CaseID(h.Target, h.Started)
	id := first
	for n := 2; ; n++ {
		err := os.Mkdir(filepath.Join(dir, id), 0o700)
		if err == nil {
			break
		}
		if !os.IsExist(err) || n > maxSameName {
			return nil, fmt.Errorf("making the folder of case %s: %w", id, err)
		}
		id = first + "-" + strconv.Itoa(n)
	}
	f, err := openFile(dir, id)
	if err != nil {
		return nil, err
	}
	l := New(now)
	l.file = f
	if l.salt, err = readSalt(f.dir); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	for _, fact := range []inspect.Fact{h, s} {
		if _, err := l.Append("", "", fact); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// Resume goes on with a saved case: it folds the record again and checks its chain. What a crash cut off at its end is
// put aside in a file of its own. The session is recorded before the first fact that is appended.
func Resume(ctx context.Context, dir, id string, s inspect.Session, now func() time.Time) (*Ledger, error) {
	if !IsCaseName(id) {
		return nil, fmt.Errorf("opening case %q: not the name of a case", text.Clean(id))
	}
	f, err := openFile(dir, id)
	if err != nil {
		return nil, err
	}
	l := New(now)
	l.file, l.session = f, &s
	if l.salt, err = readSalt(f.dir); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if err := l.restore(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening case %s: %w", id, err), l.Close())
	}
	_ = os.Remove(filepath.Join(f.dir, summaryFile))
	return l, nil
}

// restore drops a line that was cut off, and folds the others.
func (l *Ledger) restore(ctx context.Context) error {
	if err := l.file.dropCutLine(); err != nil {
		return err
	}
	r, err := openEvents(l.file.dir)
	if err != nil {
		return err
	}
	defer r.Close()
	var chain Chain
	err = eachEvent(ctx, r, &chain, func(e inspect.Event) {
		if e.Fact == nil {
			return
		}
		l.folded.Apply(e)
		if r, is := e.Fact.(inspect.Redaction); is {
			r.Container = e.Container
			l.redacted[r] = true
		}
	})
	l.seq, l.prev, l.broken = chain.Seq, chain.Head, chain.Broken
	if err == nil && chain.Broken != nil {
		l.folded.Apply(inspect.Event{Fact: notIntact(chain)}) // as in a replay, and no line of the record
	}
	return err
}

// openFile opens and locks the record of a case, for appending alone: O_APPEND keeps what is there even where the file
// was changed meanwhile.
func openFile(dir, id string) (*file, error) {
	path := filepath.Join(dir, id, eventsFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the record of case %s: %w", id, err)
	}
	if err := lock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("opening case %s: another backtrail has it open for writing: %w", id, err)
	}
	return &file{id: id, dir: filepath.Join(dir, id), f: f}, nil
}

// ID is the name of the case on disk, as CaseID made it, with -2 and so on behind a second one of the same name and
// second; empty for one that is kept in memory.
func (l *Ledger) ID() string {
	if l.file == nil {
		return ""
	}
	return l.file.id
}

// Dir is the folder of the case on disk; empty for one that is kept in memory.
func (l *Ledger) Dir() string {
	if l.file == nil {
		return ""
	}
	return l.file.dir
}

// Events opens what was written so far, for an export: whole lines, whatever is appended meanwhile.
func (l *Ledger) Events() (io.ReadCloser, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil, errors.New("opening the record of the case: it is kept in memory only")
	}
	info, err := os.Stat(filepath.Join(l.file.dir, eventsFile))
	if err != nil {
		return nil, fmt.Errorf("opening the record of the case: %w", err)
	}
	events, err := openEvents(l.file.dir)
	if err != nil {
		return nil, err
	}
	return limitCloser{io.LimitReader(events, info.Size()), events}, nil
}

// limitCloser reads a part of a file, and closes the file.
type limitCloser struct {
	io.Reader
	io.Closer
}

// write appends a line in one call, and flushes it to the disk where sync is set.
func (f *file) write(line []byte, sync bool) error {
	_, err := f.f.Write(append(line, '\n'))
	if err == nil && sync {
		err = f.f.Sync()
	}
	return writeError("recording the case in "+f.dir, err)
}

func (f *file) close() error {
	if err := f.f.Close(); err != nil {
		return fmt.Errorf("closing case %s: %w", f.id, err)
	}
	return nil
}

// dropCutLine moves the bytes after the last line break into a file beside, so that the next entry begins a line.
func (f *file) dropCutLine() error { return endLine(f.f, filepath.Join(f.dir, cutFile)) }

// endLine makes a file of lines end with a line break. A last line that a crash cut off moves into the file aside, at
// most MaxLine bytes of it: after a crash of the machine there may be a block of zeros. One that only lacks its break
// is a whole line, and gets it: a JSON object of which the end is missing is never valid.
func endLine(f *os.File, aside string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	begin, err := lastLine(f, info.Size())
	if err != nil || begin == info.Size() {
		return err
	}
	tail := make([]byte, min(info.Size()-begin, MaxLine))
	if _, err := f.ReadAt(tail, begin); err != nil {
		return err
	}
	if json.Valid(tail) {
		_, err := f.Write([]byte("\n"))
		return err
	}
	if err := os.WriteFile(aside, tail, 0o600); err != nil {
		return err
	}
	return f.Truncate(begin)
}

// lastLine is where the bytes behind the last line break begin.
func lastLine(r io.ReaderAt, size int64) (int64, error) {
	chunk := make([]byte, 64<<10)
	for end := size; end > 0; {
		n := min(end, int64(len(chunk)))
		if _, err := r.ReadAt(chunk[:n], end-n); err != nil {
			return 0, err
		}
		if at := bytes.LastIndexByte(chunk[:n], '\n'); at >= 0 {
			return end - n + int64(at) + 1, nil
		}
		end -= n
	}
	return 0, nil
}

// openEvents opens the record of a case for reading. It needs no lock: what is read is what was written until then.
func openEvents(dir string) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(dir, eventsFile))
	if err != nil {
		return nil, fmt.Errorf("opening the record of the case: %w", err)
	}
	return f, nil
}

// writeError names the reason of a failed write where it is the disk.
func writeError(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s: no space left on the disk: %w", doing, err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: no permission to write: %w", doing, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}
