package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Bounds of what is dropped at once, as a part of all, and of what is remembered of it.
const (
	prunedPart  = 10
	maxRules    = 4096
	maxNoisiest = 3 // rules named when something was dropped
)

// prune drops a tenth of the entries, of the rules that have the most: so a noisy rule never pushes out a rare one. Of a
// rule those go first that are of a container with many others; what a container had first stays.
func (b *Book) prune() {
	byRule := map[*rule][]*entry{}
	for _, e := range b.entries {
		byRule[e.rule] = append(byRule[e.rule], e)
	}
	gone := map[*entry]bool{}
	level := waterLevel(byRule, len(b.entries)-max(1, len(b.entries)/prunedPart))
	for rule, entries := range byRule {
		if len(entries) <= level {
			continue
		}
		slices.SortFunc(entries, func(x, y *entry) int { return cmp.Or(cmp.Compare(x.nth, y.nth), cmp.Compare(x.number, y.number)) })
		for _, e := range entries[level:] {
			b.drop(e)
			gone[e] = true
		}
		rule.dropped += len(entries) - level
	}
	b.entries = slices.DeleteFunc(b.entries, func(e *entry) bool { return gone[e] })
	b.forgetRules()
}

// waterLevel is how many entries each rule may keep, so that no more than wanted are left.
func waterLevel(byRule map[*rule][]*entry, wanted int) int {
	low, high := 0, wanted
	for low < high {
		level := (low + high + 1) / 2
		left := 0
		for _, entries := range byRule {
			left += min(len(entries), level)
		}
		if left <= wanted {
			low = level
		} else {
			high = level - 1
		}
	}
	return low
}

// drop takes an entry out of all but the list.
func (b *Book) drop(e *entry) {
	delete(b.byKey, e.key)
	if b.spots[e.spot]--; b.spots[e.spot] <= 0 {
		delete(b.spots, e.spot)
	}
	e.rule.entries--
}

// forgetRules keeps names that somebody makes up from filling the memory.
func (b *Book) forgetRules() {
	if len(b.rules) <= maxRules {
		return
	}
	for id, r := range b.rules {
		if r.entries == 0 {
			b.lost += r.dropped
			delete(b.rules, id)
		}
	}
}

// words is what the rule is called, as Alert.Name calls it.
func (r *rule) words() string { return cmp.Or(r.name, r.title) }

// droppedWords says what is missing.
func (b *Book) droppedWords() []string {
	var noisy []*rule
	dropped := b.lost
	for _, r := range b.rules {
		if r.dropped > 0 {
			noisy = append(noisy, r)
			dropped += r.dropped
		}
	}
	if dropped == 0 {
		return nil
	}
	slices.SortFunc(noisy, func(x, y *rule) int {
		return cmp.Or(-cmp.Compare(x.dropped, y.dropped), cmp.Compare(x.words(), y.words()))
	})
	text := fmt.Sprintf("more than %d different alerts: %d of them were dropped, and the rarest rules kept", b.limit, dropped)
	var names []string
	for _, r := range noisy[:min(len(noisy), maxNoisiest)] {
		names = append(names, fmt.Sprintf("%s (%d)", r.words(), r.dropped))
	}
	if len(names) > 0 {
		text += "; dropped were mostly: " + strings.Join(names, ", ")
	}
	return []string{text}
}
