package alert

import (
	"encoding/hex"
	"hash/maphash"
	"slices"
	"strings"

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
	path, target string
	flags        []string // shared

	first, last inspect.Time
	imprecise   bool
	raw         [32]byte // sha256 of the first line
	line        extent   // the first
	also        []extent // others, each with another text
	text        uint64   // hash of the first text
	texts       []uint64 // of the others
	feed        *Feed    // that said it first

	number, count int32
	nth           int32  // of the entries of its spot, from 0
	key, spot     uint64 // what keyOf and spotOf say
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
	if !a.Time.IsZero() {
		if e.first.IsZero() || a.Time.Before(e.first.Time) {
			e.first = a.Time
		}
		if a.Time.After(e.last.Time) {
			e.last = a.Time
		}
	}
	if text == e.text || len(e.texts) >= maxTexts || slices.Contains(e.texts, text) {
		return false
	}
	e.texts = append(e.texts, text)
	return true
}

// alert is the entry as an alert, without what Book.Fill adds.
func (e *entry) alert() Alert {
	r, p := e.rule, e.place
	a := Alert{
		Alert: inspect.Alert{
			ID: hex.EncodeToString(e.raw[:16]), Source: r.source, Rule: r.name, Title: r.title, Priority: r.priority, Time: e.first, Imprecise: e.imprecise,
			Namespace: p.namespace, Pod: p.pod, Container: p.container, ContainerID: p.containerID, Path: e.path, Image: p.image, Flags: e.flags,
			Match: inspect.MatchNone, Count: int(e.count), Number: int(e.number), From: e.feed.Name,
		},
		Digest: p.digest, Doubtful: p.doubtful, Node: p.node, Target: e.target, Workload: p.workload, WorkloadKind: p.workloadKind,
	}
	if e.count > 1 {
		a.Last = e.last
	}
	if len(e.texts) > 0 {
		a.Variants = 1 + len(e.texts)
	}
	return a
}
