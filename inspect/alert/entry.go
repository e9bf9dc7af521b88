package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Bounds of one entry.
const (
	maxAlso  = 4  // lines kept besides the first, each with another text
	maxTexts = 64 // texts told apart; more are counted as that many
)

// entry is an alert of a Book, said once or many times. There may be 100,000: what many have in common they share, and
// their texts stand in the spool.
type entry struct {
	rule         *rule
	place        *whereabouts
	feed         *Feed // that said it first
	flags        *[]string
	path, target string

	first, last int64     // nanoseconds since 1970; 0: not known
	line        extent    // the first
	text        uint64    // hash of its text
	others      *variants // nil while all had that text
	key, spot   uint64    // what keyOf and together say

	number, count int32
	nth           int32 // of the entries of its spot, from 0
	imprecise     bool
	sum           [sha256.Size]byte // of the first line
}

// variants are the texts of an entry besides the first.
type variants struct {
	texts []uint64 // hashes
	lines []extent // of some of them
}

// rule is a rule of an IDS, and how often it spoke.
type rule struct {
	source, name, title, priority string

	said    int // alerts
	entries int
	dropped int // entries
}

// whereabouts are what an alert says of where it was.
type whereabouts struct {
	node, namespace, pod, container, containerID, image, digest string
	workload, workloadKind                                      string
	doubtful                                                    []string
	config                                                      bool
}

// seed makes hashes that nobody outside can aim at.
var seed = maphash.MakeSeed()

// hashOf is one number for some texts. Each ends with a byte that stands in no UTF-8.
func hashOf(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, p := range parts {
		_, _ = h.WriteString(p)
		_ = h.WriteByte(0xff)
	}
	return h.Sum64()
}

// together is one number for two.
func together(a, b uint64) uint64 {
	return maphash.Comparable(seed, [2]uint64{a, b})
}

func ruleOf(a *Alert) uint64 { return hashOf(a.Source, a.Rule, a.Title, a.Priority) }

func placeOf(a *Alert) uint64 {
	return hashOf(a.Namespace, a.Pod, a.Container, a.ContainerID, a.Image, a.Digest, a.Workload, strings.Join(a.Doubtful, ","))
}

// keyOf is equal for what is the same alert again: the same rule on the same container (the spot), about the same program
// and what it touched. The command line is not in it: an attacker would make an entry of each.
func keyOf(spot uint64, a *Alert) uint64 {
	return together(spot, hashOf(a.Path, a.Target, strings.Join(a.Flags, "|")))
}

// eventOf is equal for one event that came by two ways. ok is false where the alert does not say enough to know: a time
// that is not in nanoseconds may be that of two events.
func eventOf(a *Alert) (id uint64, ok bool) {
	if a.Time.IsZero() || a.Imprecise || a.Time.Nanosecond()%1000 == 0 {
		return 0, false
	}
	return hashOf(a.Rule, a.ContainerID, a.Path, a.Time.Format("20060102150405.000000000")), true
}

// textOf is what the alert says, without the time at its beginning.
func textOf(a *Alert) uint64 {
	text := a.Output
	if _, rest, ok := strings.Cut(text, ": "); ok {
		if _, _, isHead := head(text); isHead {
			text = rest
		}
	}
	return maphash.String(seed, text)
}

// again counts what was said before. It reports whether the text is a new one.
func (e *entry) again(a *Alert, text uint64) bool {
	e.count++
	if at := nanoseconds(a.Time); at != 0 {
		if e.first == 0 || at < e.first {
			e.first = at
		}
		e.last = max(e.last, at)
	}
	if text == e.text {
		return false
	}
	if e.others == nil {
		e.others = &variants{}
	}
	if len(e.others.texts) >= maxTexts || slices.Contains(e.others.texts, text) {
		return false
	}
	e.others.texts = append(e.others.texts, text)
	return true
}

func nanoseconds(t inspect.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeAt(nanoseconds int64) inspect.Time {
	if nanoseconds == 0 {
		return inspect.Time{}
	}
	return inspect.At(time.Unix(0, nanoseconds))
}

// id is what the first line is called.
func (e *entry) id() string { return hex.EncodeToString(e.sum[:16]) }

// alert is the entry as an alert, without what Book.Fill adds.
func (e *entry) alert() Alert {
	r, p := e.rule, e.place
	a := Alert{
		Alert: inspect.Alert{
			ID: e.id(), Source: r.source, Rule: r.name, Title: r.title, Priority: r.priority, Time: timeAt(e.first), Imprecise: e.imprecise,
			Namespace: p.namespace, Pod: p.pod, Container: p.container, ContainerID: p.containerID, Path: e.path, Image: p.image, Flags: *e.flags,
			Match: inspect.MatchNone, Count: int(e.count), Number: int(e.number), From: e.feed.Name,
		},
		Digest: p.digest, Config: p.config, Doubtful: p.doubtful, Node: p.node, Target: e.target, Workload: p.workload, WorkloadKind: p.workloadKind,
	}
	if e.count > 1 {
		a.Last = timeAt(e.last)
	}
	if e.others != nil {
		a.Variants = 1 + len(e.others.texts)
	}
	return a
}
