package alert

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect"
)

// Bounds of a Book.
const (
	DefaultEntries = 120_000
	maxPerSpot     = 32 // entries of one rule on one container; what differs more is one entry of them all
	maxEvents      = 1 << 17
	maxShared      = 1 << 16
)

// Book keeps the alerts of a session, from all feeds: what is the same again is one entry that counts. It is bounded, and
// says what it dropped; a noisy rule never pushes out a rare one. Its methods may be called from several goroutines.
type Book struct {
	limit int
	lines *spool

	mu      sync.Mutex
	entries []*entry // in the order in which they came, by which they are numbered from 1; dropped ones leave a gap in the numbers
	newest  int32    // number
	byKey   map[uint64]*entry
	spots   map[uint64]int32 // how many entries a rule has on a container
	rules   map[uint64]*rule
	places  map[uint64]*whereabouts
	flags   map[uint64]*[]string
	events  [2]map[uint64]*Feed // the newest ones, and those before them
	feeds   []*Feed
	named   map[string]*Feed
	unkept  error // why lines are not kept
	lost    int   // entries dropped of rules that are remembered no more
	changed chan struct{}
}

// NewBook makes an empty book of at most limit entries (0: DefaultEntries). Lines are kept in a file without a name in dir.
func NewBook(limit int, dir string) *Book {
	if limit <= 0 {
		limit = DefaultEntries
	}
	return &Book{
		limit: limit, lines: &spool{dir: dir}, byKey: map[uint64]*entry{}, spots: map[uint64]int32{}, rules: map[uint64]*rule{},
		places: map[uint64]*whereabouts{}, flags: map[uint64]*[]string{}, events: [2]map[uint64]*Feed{{}, {}}, named: map[string]*Feed{}, changed: make(chan struct{}, 1),
	}
}

// Close forgets the lines.
func (b *Book) Close() { b.lines.close() }

// Changed tells that there is something new since it told last.
func (b *Book) Changed() <-chan struct{} { return b.changed }

func (b *Book) touch() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// take keeps the alerts of a feed.
func (b *Book) take(f *Feed, batch Batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range batch.Alerts {
		b.add(f, &batch.Alerts[i])
	}
	f.count += len(batch.Alerts)
	f.broken += batch.Broken
	f.other += batch.Other
	f.samples = append(f.samples, batch.Samples[:min(len(batch.Samples), maxBroken-len(f.samples))]...)
	b.touch()
}

func (b *Book) add(f *Feed, a *Received) {
	if a.Rule == "" {
		a.Title = headline(a.Output)
	}
	if b.heard(f, &a.Alert) {
		f.again++
		return
	}
	rule := b.rule(&a.Alert)
	rule.said++
	place := placeOf(&a.Alert)
	spot := together(ruleOf(&a.Alert), place)
	key := keyOf(spot, &a.Alert)
	e := b.byKey[key]
	if e == nil && b.spots[spot] >= maxPerSpot {
		a.Path, a.Target, a.Flags = "", "", nil
		key = keyOf(spot, &a.Alert)
		e = b.byKey[key]
	}
	text := textOf(&a.Alert)
	if e != nil {
		if e.again(&a.Alert, text) && len(e.others.lines) < maxAlso {
			e.others.lines = append(e.others.lines, b.line(a))
		}
		return
	}
	if len(b.entries) >= b.limit {
		b.prune()
	}
	b.newest++
	e = &entry{
		rule: rule, place: b.place(place, &a.Alert), path: a.Path, target: a.Target, flags: b.shared(a.Flags),
		first: nanoseconds(a.Time), last: nanoseconds(a.Time), imprecise: a.Imprecise, sum: sha256.Sum256(a.line), line: b.line(a), text: text,
		feed: f, number: b.newest, count: 1, key: key, spot: spot, nth: b.spots[spot],
	}
	b.entries, b.byKey[key] = append(b.entries, e), e
	b.spots[spot]++
	rule.entries++
}

// heard reports an event that came by another feed already, or by the same one where that shows what there is again and
// again.
func (b *Book) heard(f *Feed, a *Alert) bool {
	id, ok := eventOf(a)
	if !ok {
		if !f.state {
			return false
		}
		id = hashOf("whole", f.Name, a.Rule, a.Output, a.Time.String())
	}
	for _, known := range b.events {
		if first := known[id]; first != nil && (first != f || f.state) {
			return true
		}
	}
	if len(b.events[0]) >= maxEvents {
		b.events[0], b.events[1] = map[uint64]*Feed{}, b.events[0]
	}
	b.events[0][id] = f
	return false
}

func (b *Book) rule(a *Alert) *rule {
	id := ruleOf(a)
	r := b.rules[id]
	if r == nil {
		r = &rule{source: a.Source, name: a.Rule, title: a.Title, priority: a.Priority}
		b.rules[id] = r
	}
	return r
}

func (b *Book) place(id uint64, a *Alert) *whereabouts {
	p := b.places[id]
	if p == nil {
		p = &whereabouts{
			node: a.Node, namespace: a.Namespace, pod: a.Pod, container: a.Container, containerID: a.ContainerID, image: a.Image, digest: a.Digest,
			workload: a.Workload, workloadKind: a.WorkloadKind, doubtful: a.Doubtful, config: a.Config,
		}
		if len(b.places) >= maxShared {
			clear(b.places) // what has them keeps them
		}
		b.places[id] = p
	}
	return p
}

// shared makes equal lists of flags one.
func (b *Book) shared(flags []string) *[]string {
	id := hashOf(flags...)
	if known := b.flags[id]; known != nil {
		return known
	}
	if len(b.flags) < maxShared {
		b.flags[id] = &flags
	}
	return &flags
}

// line keeps a line, and remembers why that does not work.
func (b *Book) line(a *Received) extent {
	p, err := b.lines.keep(a.line, a.Output)
	if err != nil {
		b.unkept = err
	}
	return p
}

// Find gives the alert of a number, or of an ID or its first eight digits or more, without what Fill adds.
func (b *Book) Find(name string) (Alert, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n, err := strconv.Atoi(name); err == nil && len(name) < shortestID {
		e := b.entry(n)
		if e == nil {
			return Alert{}, false
		}
		return e.alert(), true
	}
	if len(name) < shortestID {
		return Alert{}, false
	}
	for _, e := range b.entries {
		if strings.HasPrefix(e.id(), name) {
			return e.alert(), true
		}
	}
	return Alert{}, false
}

// shortestID is how much of an ID names an alert, in digits; a shorter number is that of its place.
const shortestID = 8

func (b *Book) entry(number int) *entry {
	at, ok := slices.BinarySearchFunc(b.entries, number, func(e *entry, number int) int { return cmp.Compare(int(e.number), number) })
	if !ok {
		return nil
	}
	return b.entries[at]
}

// Fill adds the texts to an alert of this book: its line, what it says, and some of what was folded into it; and what
// follows from them.
func (b *Book) Fill(a *Alert) {
	at, also := b.fill(&a.Alert)
	if line, said, err := b.lines.line(at); err == nil {
		a.Line, a.Output = string(line), said
	}
	a.Also, a.AlsoLines = nil, nil
	for _, p := range also {
		if line, said, err := b.lines.line(p); err == nil {
			a.Also, a.AlsoLines = append(a.Also, said), append(a.AlsoLines, string(line))
		}
	}
}

// FillIn adds to an alert of a list what Fill adds.
func (b *Book) FillIn(a *inspect.Alert) {
	at, also := b.fill(a)
	if said, err := b.lines.text(at); err == nil {
		a.Output = said
	}
	a.Also = nil
	for _, p := range also {
		if said, err := b.lines.text(p); err == nil {
			a.Also = append(a.Also, said)
		}
	}
}

// fill adds what is not in the spool, and gives where the line is, and some of those folded into it.
func (b *Book) fill(a *inspect.Alert) (line extent, also []extent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry(a.Number)
	if e == nil {
		return extent{}, nil
	}
	a.File = located(a)
	if e.line.size > 0 {
		a.Raw = "sha256:" + hex.EncodeToString(e.sum[:])
	}
	if e.others != nil {
		also = slices.Clone(e.others.lines)
	}
	return e.line, also
}
