package alert

import (
	"strconv"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect"
)

// Bounds of a Store.
const (
	// DefaultEntries is how many distinct alerts are kept at all: rule, place, program, count and
	// times.
	DefaultEntries = 50_000
	// maxFullText is how many of them keep what they print and the line as received; older ones are
	// counts.
	maxFullText = 10_000
	// bytes of these texts and lines, all together
	maxTextSize = 96 << 20
	// entries of one rule on one container; further variations share one entry
	maxPerSpot = 32
	// events remembered to recognize them when they arrive from another feed
	maxEvents = 1 << 17
)

// shortestID is the length of the shortest prefix of an ID that names an alert, in hex digits. A
// shorter number is the number of an alert.
const shortestID = 8

// Store keeps the alerts of a session, from all feeds. Repetitions are one entry with a count. A
// Store is bounded: beyond its bounds it keeps first what belongs to a pod of the cluster, then the
// rarest rules, and reports what it dropped. Its methods may be called from several goroutines.
type Store struct {
	// entries kept at all, and with their text
	limit, texts int

	mu sync.Mutex
	// in order of arrival, which is that of their numbers; dropped entries leave gaps in the numbers
	entries []*entry
	// number of the last entry
	newest int
	// entries with their text
	full int
	// bytes of these texts
	size  int
	byKey map[uint64]*entry
	// entries of a rule on a container
	spots map[uint64]int
	rules map[uint64]*rule
	// the newest events, and those before them
	events [2]map[uint64]*Feed
	feeds  []*Feed
	named  map[string]*Feed
	// entries dropped of rules that are no longer remembered
	lost    int
	changed chan struct{}

	// podOf returns the pod that an alert belongs to; nil: nothing is known about pods.
	podOf func(*Alert) string
	// signalled when podOf becomes known
	pods sync.Cond
	// feeds wait at the bounds until it is
	waiting bool
	// closed when the first feed waits
	atLimit chan struct{}
}

// NewStore returns an empty Store of at most limit entries; 0 means DefaultEntries.
func NewStore(limit int) *Store {
	if limit <= 0 {
		limit = DefaultEntries
	}
	s := &Store{
		limit: limit, texts: min(limit, maxFullText), byKey: map[uint64]*entry{}, spots: map[uint64]int{},
		rules:  map[uint64]*rule{},
		events: [2]map[uint64]*Feed{{}, {}}, named: map[string]*Feed{}, changed: make(chan struct{}, 1),
		atLimit: make(chan struct{}),
	}
	s.pods.L = &s.mu
	return s
}

// Changed receives a value when something is new since the last receive.
func (s *Store) Changed() <-chan struct{} { return s.changed }

// touch marks the Store as changed. It never blocks.
func (s *Store) touch() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// AwaitPods makes feeds wait at the bounds of the Store, instead of dropping entries, until
// KnowPods is called. Without it a flood of alerts could push out those of a pod before the pods
// are listed.
func (s *Store) AwaitPods() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = s.podOf == nil
}

// AtLimit is closed when a feed waits for KnowPods.
func (s *Store) AtLimit() <-chan struct{} { return s.atLimit }

// KnowPods sets the function that returns the pod an alert belongs to, "" if there is none. Alerts
// of pods are dropped last, and each pod has its share. podOf is called with the Store locked and
// must not call it. nil: no pod is known.
func (s *Store) KnowPods(podOf func(*Alert) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.podOf, s.waiting = podOf, false
	s.pods.Broadcast()
}

// append stores the alerts of a feed.
func (s *Store) append(f *Feed, batch Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range batch.Alerts {
		s.add(f, &batch.Alerts[i])
	}
	f.count += len(batch.Alerts)
	f.broken += batch.Broken
	f.other += batch.Other
	f.samples = append(f.samples, batch.Samples[:min(len(batch.Samples), maxBroken-len(f.samples))]...)
	s.touch()
}

// add stores one alert: as a repetition of one that is there, or as a new entry. What varies too
// much on one container is folded into one entry without the fields that vary. The Store is locked.
func (s *Store) add(f *Feed, a *Received) {
	if a.Rule == "" {
		a.Title = headline(a.Output)
	}
	if s.duplicate(f, &a.Alert) {
		f.again++
		return
	}
	rule := s.rule(&a.Alert)
	rule.count++
	spot := together(ruleOf(&a.Alert), placeOf(&a.Alert))
	key := keyOf(spot, &a.Alert)
	e := s.byKey[key]
	if e == nil && s.spots[spot] >= maxPerSpot {
		a.Path, a.Target, a.Flags = "", "", nil
		a.CommandLine, a.Directory = "", ""
		a.FileDigest, a.Destination, a.Addresses = "", inspect.Destination{}, a.Addresses[:min(1, len(a.Addresses))]
		key = keyOf(spot, &a.Alert)
		e = s.byKey[key]
	}
	if e != nil {
		before := e.size()
		e.repeat(a)
		s.size += e.size() - before
		return
	}
	s.makeRoom()
	s.newest++
	a.received(a.line)
	e = &entry{alert: a.Alert, rule: rule, key: key, spot: spot, nth: s.spots[spot], text: textOf(&a.Alert)}
	e.alert.Number, e.alert.From = s.newest, f.Name
	s.entries, s.byKey[key] = append(s.entries, e), e
	s.spots[spot]++
	s.full++
	s.size += e.size()
	rule.entries++
}

// makeRoom makes room for one more entry with its text.
func (s *Store) makeRoom() {
	crowded := func() bool { return s.full >= s.texts || s.size >= maxTextSize || len(s.entries) >= s.limit }
	if s.waiting && crowded() {
		select {
		case <-s.atLimit:
		default:
			close(s.atLimit)
		}
		for s.waiting {
			s.pods.Wait()
		}
	}
	if len(s.entries) >= s.limit {
		s.prune()
	}
	if s.full >= s.texts || s.size >= maxTextSize {
		s.dropTexts()
	}
}

// duplicate reports whether the event arrived from another feed already, or from the same one if
// that shows its whole state again and again.
func (s *Store) duplicate(f *Feed, a *Alert) bool {
	id, ok := eventOf(a)
	if !ok {
		if !f.state {
			return false
		}
		id = hashOf("whole", f.Name, a.Rule, a.Output, a.Time.String())
	}
	for _, known := range s.events {
		if first := known[id]; first != nil && (first != f || f.state) {
			return true
		}
	}
	if len(s.events[0]) >= maxEvents {
		s.events[0], s.events[1] = map[uint64]*Feed{}, s.events[0]
	}
	s.events[0][id] = f
	return false
}

// rule returns the counters of the alert's rule.
func (s *Store) rule(a *Alert) *rule {
	id := ruleOf(a)
	r := s.rules[id]
	if r == nil {
		r = &rule{name: a.Rule, title: a.Title}
		s.rules[id] = r
	}
	return r
}

// Each calls each with all alerts in order of arrival until it returns false. The alert belongs to
// the Store, which is locked meanwhile: each copies what it keeps, and changes nothing.
func (s *Store) Each(each func(a *Alert) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if !each(&e.alert) {
			return
		}
	}
}

// Find returns the alert with the number, with the ID, or with an ID that begins with at least
// eight digits of it.
func (s *Store) Find(name string) (Alert, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.alert.Named(name) {
			return e.alert, true
		}
	}
	return Alert{}, false
}

// Named reports whether name is the number of the alert, its ID, or at least eight digits that its
// ID begins with.
func (a *Alert) Named(name string) bool {
	if len(name) < shortestID {
		n, err := strconv.Atoi(name)
		return err == nil && n == a.Number
	}
	return strings.HasPrefix(a.ID, name)
}
