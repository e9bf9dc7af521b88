package alert

import (
	"hash/maphash"
	"slices"
	"strings"
)

// Bounds of one entry.
const (
	// lines kept besides the first, each with another text
	maxAlso = 4
	// distinct texts; more are counted as that many
	maxTexts = 64
)

// entry is an alert of a Store, received once or many times.
type entry struct {
	// the first one, with the count and the times of all
	alert Alert
	rule  *rule
	// hash of its text
	text uint64
	// hashes of the texts of its repetitions
	others []uint64
	// see keyOf and together
	key, spot uint64
	// among the entries of its spot, from 0
	nth int
	// the texts were dropped
	stripped bool
}

// rule is a rule of an IDS and how often it fired.
type rule struct {
	name, title string

	// alerts
	count   int
	entries int
	// entries
	dropped int
}

// seed makes the hashes unpredictable, so that nobody outside can cause collisions.
var seed = maphash.MakeSeed()

// hashOf returns one number for several texts. Each text ends with a byte that does not occur in
// UTF-8.
func hashOf(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, p := range parts {
		_, _ = h.WriteString(p)
		_ = h.WriteByte(0xff)
	}
	return h.Sum64()
}

// together returns one number for two, which their order is a part of.
func together(a, b uint64) uint64 {
	return maphash.Comparable(seed, [2]uint64{a, b})
}

// ruleOf is equal for alerts of one rule. The priority is part of it: sensors let it be changed,
// and the worse one must not hide.
func ruleOf(a *Alert) uint64 { return hashOf(a.Source, a.Rule, a.Title, a.Priority) }

// placeOf is equal for alerts about one container, by whatever the alert names.
func placeOf(a *Alert) uint64 {
	parts := []string{
		a.Namespace, a.Pod, a.PodUID, a.Container, a.ContainerID, a.Image, a.Digest, a.Workload,
		strings.Join(a.Doubtful, ","),
	}
	if len(a.Addresses) > 0 { // of a connection the end that opened it: the other one varies, and is the target
		parts = append(parts, a.Addresses[0].String())
	}
	return hashOf(parts...)
}

// keyOf is equal for repetitions of one alert: the same rule on the same container (the spot),
// about the same program and the same target. The command line is not part of it: an attacker could
// make an entry of each.
func keyOf(spot uint64, a *Alert) uint64 {
	return together(spot, hashOf(a.Path, a.Target, strings.Join(a.Flags, "|"), a.FileDigest))
}

// eventOf is equal for one event that arrived from two feeds. ok is false where the alert does not
// contain enough to decide: a time that is not in nanoseconds may be that of two events.
func eventOf(a *Alert) (id uint64, ok bool) {
	if a.Time.IsZero() || a.Imprecise || a.Time.Nanosecond()%1000 == 0 {
		return 0, false
	}
	return hashOf(a.Rule, a.ContainerID, a.Path, a.Time.Format("20060102150405.000000000")), true
}

// textOf is a hash of the alert's text without the time at its beginning.
func textOf(a *Alert) uint64 {
	text := a.Output
	if _, rest, ok := strings.Cut(text, ": "); ok {
		if _, _, isHead := head(text); isHead {
			text = rest
		}
	}
	return maphash.String(seed, text)
}

// repeat counts the alert again, and keeps its text if that is a new one. The first of a kind gives the entry its
// fields; of the others time, count and some texts are kept.
func (e *entry) repeat(a *Received) {
	first := &e.alert
	first.Count++
	if !a.Time.IsZero() {
		if first.Last.IsZero() || a.Time.After(first.Last.Time) {
			first.Last = a.Time
		}
		if first.Time.After(first.Last.Time) {
			first.Last = first.Time
		}
		if first.Time.IsZero() || a.Time.Before(first.Time.Time) {
			first.Time = a.Time
		}
	}
	text := textOf(&a.Alert)
	if text == e.text || len(e.others) >= maxTexts || slices.Contains(e.others, text) {
		return
	}
	e.others = append(e.others, text)
	first.Variants = 1 + len(e.others)
	if len(first.Also) < maxAlso && !e.stripped {
		first.Also, first.AlsoLines = append(
			first.Also[:len(first.Also):len(first.Also)], a.Output,
		), append(first.AlsoLines, string(a.line))
	}
}

// size is the size of the texts, in bytes: what the store's bound counts.
func (e *entry) size() int {
	n := len(e.alert.Output) + len(e.alert.Line)
	for i := range e.alert.Also {
		n += len(e.alert.Also[i]) + len(e.alert.AlsoLines[i])
	}
	return n
}

// strip drops the texts. What the alert is matched by, its count and the digest of its line stay: a flood costs the
// words of old alerts, and never hides that they were there.
func (e *entry) strip() {
	e.stripped = true
	e.alert.Output, e.alert.Line, e.alert.Also, e.alert.AlsoLines = "", "", nil, nil
}
