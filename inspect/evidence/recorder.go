package evidence

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/backtrail/backtrail/inspect"
)

// The files of a saved case.
const (
	eventsFile   = "events.jsonl"
	exportedFile = "exported.jsonl"
	summaryFile  = "summary.json"
	cutFile      = "events.cut"
)

// maxSameName bounds the cases of one target that begin in the same second.
const maxSameName = 1000

// Recorder appends a case's events to its file as they come, so that ctrl+c, a crash or a lost connection loses
// nothing that was seen. Progress is not kept. Its methods may be called by several goroutines.
type Recorder struct {
	id  string
	dir string

	mu   sync.Mutex
	file *os.File
	err  error
}

// NewRecorder begins a case below dir, which it makes with mode 0700. The case is locked while the recorder is open:
// two processes never write one file, and a second case of the same target and second gets a name of its own.
func NewRecorder(dir string, h inspect.Header) (*Recorder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of cases: %w", err)
	}
	id := ID(h)
	for n := 2; ; n++ {
		err := os.Mkdir(filepath.Join(dir, id), 0o700)
		if err == nil {
			break
		}
		if !os.IsExist(err) || n > maxSameName {
			return nil, fmt.Errorf("making the folder of case %s: %w", id, err)
		}
		id = ID(h) + "-" + strconv.Itoa(n)
	}
	return openRecorder(dir, id)
}

// Resume goes on with a saved case. What a crash cut off at its end is put aside.
func Resume(dir, id string) (*Recorder, error) {
	if !isCaseName(id) {
		return nil, fmt.Errorf("opening case %q: not the name of a case", id)
	}
	r, err := openRecorder(dir, id)
	if err != nil {
		return nil, err
	}
	if err := r.dropCutLine(); err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("opening case %s: %w", id, err)
	}
	_ = os.Remove(filepath.Join(r.dir, summaryFile))
	return r, nil
}

func openRecorder(dir, id string) (*Recorder, error) {
	path := filepath.Join(dir, id, eventsFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the file of case %s: %w", id, err)
	}
	if err := lock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("opening case %s: another backtrail writes it: %w", id, err)
	}
	return &Recorder{id: id, dir: filepath.Join(dir, id), file: f}, nil
}

// ID is the name of the case.
func (r *Recorder) ID() string { return r.id }

// Dir is the folder of the case.
func (r *Recorder) Dir() string { return r.dir }

// Add writes one event. The file is flushed to the disk when a finding, an end or what a person says is written: those are
// what a crash of the machine must not take. After a failed write the case goes on unrecorded, and every Add says so.
func (r *Recorder) Add(e inspect.Event) error {
	if e.Progress != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	if err := inspect.WriteEvent(r.file, e); err != nil {
		r.err = inWords("recording the case in "+r.dir, err)
		return r.err
	}
	if e.Finding != nil || e.End != nil || e.Note != nil || e.Clock != nil {
		if err := r.file.Sync(); err != nil {
			r.err = inWords("recording the case in "+r.dir, err)
		}
	}
	return r.err
}

// Record gives a source that writes every event before it hands it on. The first failure to write is emitted as a
// notice, once; the case goes on.
func (r *Recorder) Record(emit func(inspect.Event)) func(inspect.Event) {
	said := false
	return func(e inspect.Event) {
		err := r.Add(e)
		emit(e)
		if err != nil && !said {
			said = true
			emit(inspect.Event{Time: e.Time, Notice: &inspect.Notice{Level: "error", Text: err.Error(), Hint: "export the case now (x), to another disk"}})
		}
	}
}

// Events opens what was written so far, for an export: whole lines, whatever is written meanwhile.
func (r *Recorder) Events() (io.ReadCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := filepath.Join(r.dir, eventsFile)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening the events of a case: %w", err)
	}
	events, err := openEvents(r.dir)
	if err != nil {
		return nil, err
	}
	return sectionCloser{io.LimitReader(events, info.Size()), events}, nil
}

// Close ends the recording and unlocks the case.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	if r.err == nil {
		r.err = os.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("closing case %s: %w", r.id, err)
	}
	return nil
}

// dropCutLine moves the bytes after the last line break into a file beside, so that the next event begins a line.
func (r *Recorder) dropCutLine() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	end := info.Size()
	tail := make([]byte, min(end, inspect.MaxEventLine))
	if _, err := r.file.ReadAt(tail, end-int64(len(tail))); err != nil {
		return err
	}
	at := len(tail)
	for at > 0 && tail[at-1] != '\n' {
		at--
	}
	if at == len(tail) {
		return nil
	}
	if err := os.WriteFile(filepath.Join(r.dir, cutFile), tail[at:], 0o600); err != nil {
		return err
	}
	return r.file.Truncate(end - int64(len(tail)-at))
}

func openEvents(dir string) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(dir, eventsFile))
	if err != nil {
		return nil, fmt.Errorf("opening the events of a case: %w", err)
	}
	return f, nil
}
