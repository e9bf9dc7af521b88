package alert

import (
	"maps"
	"slices"
)

// Rarity returns how many alerts each rule has caused, by the names that Alert.Name returns.
func (s *Store) Rarity() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := map[string]int{}
	for _, r := range s.rules {
		count[r.words()] += r.count
	}
	return count
}

// maxNamespaces bounds the namespaces that alerts can make us list, with one request each.
const maxNamespaces = 50

// Namespaces returns those that the alerts name, sorted: where pods are listed if not all
// namespaces may be.
func (s *Store) Namespaces() []string {
	seen := map[string]bool{}
	s.Each(func(a *Alert) bool {
		if a.Namespace != "" {
			seen[a.Namespace] = true
		}
		return len(seen) < maxNamespaces
	})
	return slices.Sorted(maps.Keys(seen))
}

// Summary is the content of a Store in numbers.
type Summary struct {
	// received
	Alerts int
	// kept
	Entries int
	Broken  int
	// the first broken lines
	Samples []BrokenLine
	Feeds   []FeedState
	// what was dropped, in words
	Notes []string
}

// Summary counts what the Store has received and kept.
func (s *Store) Summary() Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := Summary{Entries: len(s.entries), Notes: s.droppedWords()}
	for _, f := range s.feeds {
		sum.Alerts += f.count - f.again
		sum.Broken += f.broken
		for _, sample := range f.samples {
			if len(sum.Samples) < maxBroken {
				sample.Feed = f.Name
				sum.Samples = append(sum.Samples, sample)
			}
		}
		sum.Feeds = append(sum.Feeds, f.currentState())
	}
	return sum
}
