package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// Saved is a case on this disk.
type Saved struct {
	ID       string             `json:"id"`
	Target   string             `json:"target"`
	Context  string             `json:"context"`
	Started  inspect.Time       `json:"started"`
	Finished inspect.Time       `json:"finished"` // null where the case was interrupted
	Running  bool               `json:"running"`  // a process writes it now
	Partial  bool               `json:"partial"`  // interrupted, or not finished
	Status   inspect.CaseStatus `json:"status"`
	Findings int                `json:"findings"`
	Newest   inspect.Time       `json:"newest"` // time of the newest event
	Exported []Exported         `json:"exported"`
	Problem  string             `json:"problem,omitempty"` // why it cannot be read
	Dir      string             `json:"-"`
}

// maxSmall bounds the summary and the access log of a case, in bytes: some ten thousand exports.
const maxSmall = 4 << 20

// Cases lists the cases below dir, the newest first. A folder that cannot be read stands in the list with its Problem.
func Cases(ctx context.Context, dir string) ([]Saved, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the cases in %s: %w", dir, err)
	}
	var list []Saved
	for _, e := range entries {
		if !e.IsDir() || !IsCaseName(e.Name()) {
			continue
		}
		saved, err := FindCase(ctx, dir, e.Name())
		if ctx.Err() != nil {
			return list, ctx.Err()
		}
		if err != nil {
			saved.Problem = err.Error()
		}
		list = append(list, saved)
	}
	slices.SortFunc(list, func(a, b Saved) int { return strings.Compare(b.ID, a.ID) })
	return list, nil
}

// FindCase describes one saved case by its name, from its summary where that is not older than the record, else by
// folding the record. The error is fs.ErrNotExist where there is none; what is known until then is given with it.
func FindCase(ctx context.Context, dir, id string) (Saved, error) {
	s := Saved{
		ID: id, Dir: filepath.Join(dir, id), Status: inspect.CaseIncomplete, Partial: true,
		Exported: []Exported{},
	}
	if !IsCaseName(id) {
		return s, fmt.Errorf("opening case %q: not the name of a case", text.Clean(id))
	}
	f, err := os.Open(filepath.Join(s.Dir, eventsFile))
	if err != nil {
		return s, fmt.Errorf("opening case %s: %w", id, err)
	}
	running := locked(f)
	_ = f.Close()
	if kept, err := readSummary(s.Dir); err == nil && !running {
		kept.ID, kept.Dir = id, s.Dir
		kept.Exported = exports(s.Dir)
		return kept, nil
	}
	c, err := Fold(ctx, s.Replay())
	if err != nil {
		return s, fmt.Errorf("reading case %s: %w", id, err)
	}
	s.describe(c)
	s.Running = running
	if !running {
		s.keepSummary()
	}
	s.Exported = exports(s.Dir)
	return s, nil
}

// describe takes over what a listing shows of a folded case.
func (s *Saved) describe(c inspect.Case) {
	s.Target, s.Context = c.Target.Name, c.Target.Context
	s.Started, s.Finished = c.Started, c.Finished
	s.Partial = c.End == nil || c.End.Status != inspect.CheckDone
	s.Status, s.Findings, s.Newest = verdict.Of(&c).Status, len(c.Findings), c.AsOf()
}

// AddedTo reports whether the case goes on after its last export: what came then is in no bundle.
func (s Saved) AddedTo() bool {
	n := len(s.Exported)
	return n > 0 && s.Exported[n-1].Time.Before(s.Newest.Time)
}

// keepSummary saves the next listing a fold. That it could not is no error: the events are what counts.
func (s *Saved) keepSummary() {
	b, err := json.Marshal(s)
	if err != nil {
		return
	}
	temp := filepath.Join(s.Dir, summaryFile+".new")
	if os.WriteFile(temp, b, 0o600) == nil {
		_ = os.Rename(temp, filepath.Join(s.Dir, summaryFile))
	}
}

// readSummary takes a summary only if it is not older than the events. It is a cache: whoever can write it can write
// the events too, and nothing but the listing is taken from it.
func readSummary(dir string) (Saved, error) {
	var s Saved
	events, err := os.Stat(filepath.Join(dir, eventsFile))
	if err != nil {
		return s, err
	}
	kept, err := os.Stat(filepath.Join(dir, summaryFile))
	if err != nil {
		return s, err
	}
	if kept.ModTime().Before(events.ModTime()) {
		return s, errors.New("older than the events")
	}
	b, err := readSmall(filepath.Join(dir, summaryFile), maxSmall)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// Replay is the saved stream.
func (s Saved) Replay() inspect.Source { return ReplayOf(s.Events) }

// Events opens the saved stream, for an export.
func (s Saved) Events() (io.ReadCloser, error) { return openEvents(s.Dir) }

// Fold reads a source to its end. Where that fails, the case is what was read until then.
func Fold(ctx context.Context, source inspect.Source) (inspect.Case, error) {
	var c inspect.Case
	if err := source(ctx, c.Apply); err != nil {
		return c, err
	}
	return c, nil
}

// ReplayOf gives the source of a saved record that is opened when it is read, and closes it at its end.
func ReplayOf(open func() (io.ReadCloser, error)) inspect.Source {
	return func(ctx context.Context, emit func(inspect.Event)) error {
		r, err := open()
		if err != nil {
			return err
		}
		defer r.Close()
		return Replay(r)(ctx, emit)
	}
}

// IsCaseName reports whether a name can be that of a case: it keeps names from the command line inside the folder of
// cases. Letters and digits of ASCII, dashes and periods are allowed, no period first, at most 128 bytes; CaseID
// gives no others.
func IsCaseName(id string) bool {
	if id == "" || len(id) > 128 || id[0] == '.' {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.')
	}) < 0
}

// readSmall reads a small file of a case whole.
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", filepath.Base(path), err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("reading %s: more than %d bytes", filepath.Base(path), limit)
	}
	return b, nil
}
