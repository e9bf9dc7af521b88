package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Bounds of what is dropped at once, as a part of all, and of what is remembered of it.
const (
	prunedPart = 5
	maxRules   = 4096
	// rules named when something was dropped
	maxNoisiest = 3
)

// dropTexts drops the texts of a part of the entries that have one. The entries stay and count.
func (s *Store) dropTexts() {
	var with []*entry
	for _, e := range s.entries {
		if !e.stripped {
			with = append(with, e)
		}
	}
	for _, e := range s.dispensable(with) {
		s.size -= e.size()
		s.full--
		e.strip()
	}
}

// prune drops a part of the entries.
func (s *Store) prune() {
	gone := map[*entry]bool{}
	for _, e := range s.dispensable(s.entries) {
		gone[e] = true
		delete(s.byKey, e.key)
		if s.spots[e.spot]--; s.spots[e.spot] <= 0 {
			delete(s.spots, e.spot)
		}
		if !e.stripped {
			s.full--
			s.size -= e.size()
		}
		e.rule.entries--
		e.rule.dropped++
	}
	s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool { return gone[e] })
	s.forgetRules()
}

// ranked is an entry with its place in the order in which entries are dropped.
type ranked struct {
	*entry
	// it belongs to a pod of the cluster
	ofPod bool
	// in its group, from 0
	rank int
}

// dispensable returns a part of the entries: those that can be missed most. Entries of no pod go
// before those of pods. Among them each group has the same share, a group being a rule, or a pod:
// neither a noisy rule pushes out a rare one, nor a flood that names one pod the alerts of another.
// In a group those go last that are the first of their rule and container, and then the newest.
func (s *Store) dispensable(entries []*entry) []*entry {
	groups := map[string][]*entry{}
	for _, e := range entries {
		group := fmt.Sprintf("rule %p", e.rule)
		if s.podOf != nil {
			if pod := s.podOf(&e.alert); pod != "" {
				group = "pod " + pod
			}
		}
		groups[group] = append(groups[group], e)
	}
	all := make([]ranked, 0, len(entries))
	for group, members := range groups {
		slices.SortFunc(members, func(x, y *entry) int {
			return cmp.Or(cmp.Compare(x.nth, y.nth), cmp.Compare(y.alert.Number, x.alert.Number))
		})
		for rank, e := range members {
			all = append(all, ranked{entry: e, rank: rank, ofPod: strings.HasPrefix(group, "pod ")})
		}
	}
	slices.SortFunc(all, func(x, y ranked) int {
		if x.ofPod != y.ofPod {
			if x.ofPod {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(y.rank, x.rank), cmp.Compare(x.alert.Number, y.alert.Number))
	})
	least := make([]*entry, 0, len(all)/prunedPart+1)
	for _, r := range all[:max(1, len(all)/prunedPart)] {
		least = append(least, r.entry)
	}
	return least
}

// forgetRules bounds the memory that invented rule names can take.
func (s *Store) forgetRules() {
	if len(s.rules) <= maxRules {
		return
	}
	for id, r := range s.rules {
		if r.entries == 0 {
			s.lost += r.dropped
			delete(s.rules, id)
		}
	}
}

// words is what the rule is called, as Alert.Name calls it.
func (r *rule) words() string { return cmp.Or(r.name, r.title) }

// droppedWords describes what is missing; empty: nothing.
func (s *Store) droppedWords() []string {
	var notes []string
	if stripped := len(s.entries) - s.full; stripped > 0 {
		notes = append(
			notes,
			fmt.Sprintf(
				"%d distinct alerts: the text of %d of them was dropped, their counts are complete", len(s.entries),
				stripped,
			),
		)
	}
	var noisy []*rule
	dropped := s.lost
	for _, r := range s.rules {
		if r.dropped > 0 {
			noisy = append(noisy, r)
			dropped += r.dropped
		}
	}
	if dropped == 0 {
		return notes
	}
	slices.SortFunc(noisy, func(x, y *rule) int {
		return cmp.Or(-cmp.Compare(x.dropped, y.dropped), cmp.Compare(x.words(), y.words()))
	})
	text := fmt.Sprintf(
		"more than %d distinct alerts: %d were dropped; those of listed pods and the rarest rules were kept", s.limit,
		dropped,
	)
	var names []string
	for _, r := range noisy[:min(len(noisy), maxNoisiest)] {
		names = append(names, fmt.Sprintf("%s (%d)", r.words(), r.dropped))
	}
	if len(names) > 0 {
		text += "; dropped were mostly: " + strings.Join(names, ", ")
	}
	return append(notes, text)
}
