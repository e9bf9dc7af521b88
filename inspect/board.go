package inspect

import (
	"slices"
	"sync"
	"time"
)

// progressEvery is the shortest time between two progress events of one check on one subject.
const progressEvery = 100 * time.Millisecond

// board is the engine's own fold, which checks read, and the one place through which events leave.
type board struct {
	mu       sync.Mutex
	known    Case
	seq      uint64
	now      func() time.Time
	emit     func(Event)
	progress map[Key]time.Time
	onImage  func(subject string)
	finished bool
}

// say numbers, folds and delivers an event. Deliveries are serialised.
func (b *board) say(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deliver(e)
}

// finish says the last event; what comes after it is not heard.
func (b *board) finish(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deliver(e)
	b.finished = true
}

func (b *board) deliver(e Event) {
	if b.finished {
		return
	}
	now := b.now()
	if e.Progress != nil && !b.dueProgress(Key{e.Check, e.Subject}, now) {
		return
	}
	b.seq++
	e = e.Stamped(At(now))
	e.Seq = b.seq
	isNew := e.Image != nil && !b.hasImage(e.Subject)
	b.known.Apply(e)
	b.emit(e)
	if isNew && b.onImage != nil {
		b.onImage(e.Subject)
	}
}

func (b *board) dueProgress(k Key, now time.Time) bool {
	if last, ok := b.progress[k]; ok && now.Sub(last) < progressEvery && now.After(last) {
		return false
	}
	b.progress[k] = now
	return true
}

// hasImage says that an Image event has named the subject: other events about it make a nameless row.
func (b *board) hasImage(subject string) bool {
	i, ok := b.known.Image(subject)
	return ok && (i.Reference != "" || i.Location != "")
}

func (b *board) image(subject string) (Image, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := b.known.Image(subject)
	return cloneImage(i), ok
}

func (b *board) check(name, subject string) CheckState {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.known.Check(name, subject); ok {
		return s
	}
	s, _ := b.known.Check(name, "")
	return s
}

func (b *board) snapshot() Case {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.known
	c.log, c.progress = nil, nil
	c.Images = slices.Clone(c.Images)
	for i := range c.Images {
		c.Images[i] = cloneImage(c.Images[i])
	}
	c.Trust, c.Checks, c.Answers, c.Alerts = slices.Clone(c.Trust), slices.Clone(c.Checks), slices.Clone(c.Answers), slices.Clone(c.Alerts)
	c.Notes, c.Notices, c.Timeline, c.Findings = slices.Clone(c.Notes), slices.Clone(c.Notices), slices.Clone(c.Timeline), slices.Clone(c.Findings)
	c.Changes, c.Clocks = slices.Clone(c.Changes), slices.Clone(c.Clocks)
	c.Blobs, c.Exhibits = slices.Clone(c.Blobs), slices.Clone(c.Exhibits)
	return c
}

// cloneImage copies the lists that later events change in place.
func cloneImage(i Image) Image {
	i.Stores, i.Layers, i.Signatures, i.Provenance = slices.Clone(i.Stores), slices.Clone(i.Layers), slices.Clone(i.Signatures), slices.Clone(i.Provenance)
	i.SBOMs, i.Packages, i.Binaries, i.Altered = slices.Clone(i.SBOMs), slices.Clone(i.Packages), slices.Clone(i.Binaries), slices.Clone(i.Altered)
	i.Missing, i.Notable, i.Vulns, i.Candidates, i.Gates = slices.Clone(i.Missing), slices.Clone(i.Notable), slices.Clone(i.Vulns), slices.Clone(i.Candidates), slices.Clone(i.Gates)
	return i
}
