package ledger

import (
	"errors"
	"sync"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// progressEvery is the shortest time between two progress facts of one check on one container: ten a second are as many
// as a person can see, and a check may have one for each file.
const progressEvery = 100 * time.Millisecond

// ErrClosed is the error of an Append to a ledger that was closed: the fact is neither recorded nor folded.
var ErrClosed = errors.New("the case is closed")

// Ledger is the record of one case. Its methods may be called by several goroutines at once: one lock orders them, so
// that number, time, chain, disk, fold and listeners agree. What is held under it is short: no network, no check.
type Ledger struct {
	mu        sync.Mutex
	now       func() time.Time
	file      *file // nil: the record is kept in memory only
	folded    inspect.Case
	seq       uint64
	prev      string
	session   *inspect.Session // appended before the first fact of a reopened case
	failed    error            // of the first write that failed: the case goes on without its record
	closed    bool
	broken    error                      // of the chain of a record that was resumed; nil: it is whole
	salt      []byte                     // of the digests of what was removed
	redacted  map[inspect.Redaction]bool // recorded before: a secret that several facts quote is one
	progress  map[inspect.Key]time.Time
	listeners []func(inspect.Event)
}

// New gives a ledger that is kept in memory only. now is the clock; nil stands for the wall clock.
func New(now func() time.Time) *Ledger {
	if now == nil {
		now = time.Now
	}
	return &Ledger{
		now: now, salt: newSalt(), redacted: map[inspect.Redaction]bool{},
		progress: map[inspect.Key]time.Time{},
	}
}

// Listen lets f see every fact that is appended from now on, in their order. f is called while the ledger is locked:
// it must neither block for long nor call the ledger.
func (l *Ledger) Listen(f func(inspect.Event)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listeners = append(l.listeners, f)
}

// Append adds a fact of a check about a container, either of which may be empty, and gives the event that it became.
// An event without a fact was not taken: the ledger is closed, or a progress came too soon after the one before.
// Secrets are removed first, and what was removed is recorded behind the fact: no record, fold or listener has one.
//
// A fact that could not be written is folded all the same. The error of the first failed write is given once, so that
// it can be shown; the case goes on, unrecorded.
func (l *Ledger) Append(check, container string, f inspect.Fact) (inspect.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return inspect.Event{}, ErrClosed
	}
	now := l.now()
	if inspect.Transient(f) && !l.due(inspect.Key{Check: check, Container: container}, now) {
		return inspect.Event{}, nil
	}
	var err error
	if l.session != nil && !inspect.Transient(f) {
		s := *l.session
		l.session = nil
		_, err = l.clean(inspect.Event{Fact: s}, now)
	}
	e, werr := l.clean(inspect.Event{Check: check, Container: container, Fact: f}, now)
	return e, errors.Join(err, werr)
}

// clean adds an event without its secrets, and a redaction for each of them. A redaction belongs to no check: it stays
// when a check runs again.
func (l *Ledger) clean(e inspect.Event, now time.Time) (inspect.Event, error) {
	var removed []inspect.Redaction
	e.Fact, removed = l.redact(e.Fact)
	e, err := l.add(e, now)
	for _, r := range removed {
		r.Container = e.Container
		if l.redacted[r] || len(l.redacted) >= maxRedactions {
			continue
		}
		l.redacted[r] = true
		_, werr := l.add(inspect.Event{Container: e.Container, Fact: r}, now)
		err = errors.Join(err, werr)
	}
	return e, err
}

// add numbers, stamps, chains, writes, folds and delivers. A fact that JSON has no form for is not taken, and leaves no
// gap in the numbers.
func (l *Ledger) add(e inspect.Event, now time.Time) (inspect.Event, error) {
	e = e.Stamped(inspect.At(now))
	var err error
	cut := false
	if !inspect.Transient(e.Fact) {
		e.Seq, e.Prev = l.seq+1, l.prev
		written, line, isCut, bad := encode(e)
		if bad != nil {
			return inspect.Event{}, bad
		}
		e, cut = written, isCut
		l.seq, l.prev = e.Seq, hashLine(line)
		err = l.write(line, durable(e.Fact))
	}
	l.folded.Apply(e)
	for _, f := range l.listeners {
		f(e)
	}
	if cut {
		_, werr := l.add(inspect.Event{Check: e.Check, Container: e.Container, Fact: cutNotice(e)}, now)
		err = errors.Join(err, werr)
	}
	return e, err
}

// write puts a line on disk. The error of the first write that failed is given once: what follows is not written, since
// half a line may stand before it.
func (l *Ledger) write(line []byte, sync bool) error {
	if l.file == nil || l.failed != nil {
		return nil
	}
	l.failed = l.file.write(line, sync)
	return l.failed
}

// durable reports whether a fact is flushed to the disk at once: what a crash of the machine must not take. All others
// are in the page cache, which the crash of this process leaves alone.
func durable(f inspect.Fact) bool {
	switch f.(type) {
	case inspect.Finding, inspect.End, inspect.Note, inspect.Clock, inspect.Session:
		return true
	default:
		return false
	}
}

// due reports whether progress may be shown again. A clock that was set back does not stop it.
func (l *Ledger) due(k inspect.Key, now time.Time) bool {
	if last, ok := l.progress[k]; ok && now.Sub(last) < progressEvery && now.After(last) {
		return false
	}
	l.progress[k] = now
	return true
}

// Case gives a copy of the case so far, whose lists no later fact changes. It has neither log nor progress.
func (l *Ledger) Case() inspect.Case {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.folded.Clone()
}

// Image gives a copy of the image of a container, as far as it is known. ok is false where no fact is about it yet.
func (l *Ledger) Image(container string) (inspect.Image, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.folded.Image(container)
	return i.Clone(), ok
}

// Containers are the names of those whose image a fact has named, sorted. Containers that other facts are about, and no
// ImageHead yet, are not among them.
func (l *Ledger) Containers() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for _, i := range l.folded.Images {
		if i.Named() {
			names = append(names, i.Container)
		}
	}
	return names
}

// Check gives how far a check is on a container.
func (l *Ledger) Check(name, container string) (inspect.CheckState, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.folded.Check(name, container)
}

// Broken is what is wrong with the chain of a record that was resumed; nil where it is whole. Nothing should be added
// to a record that was changed.
func (l *Ledger) Broken() error { return l.broken }

// Head is the hash of the newest line: sha256:…, or empty before the first. Whoever has noted it elsewhere can prove
// that the record up to that line is the same.
func (l *Ledger) Head() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.prev
}

// Position is the number and the hash of the newest line: Head with the number that a timestamp over it names.
func (l *Ledger) Position() (entry uint64, head string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq, l.prev
}

// Close ends the record and unlocks the case. What is appended afterwards is refused with ErrClosed. A second Close
// does nothing.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if l.file == nil {
		return nil
	}
	return l.file.close()
}
