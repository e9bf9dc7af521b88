package alert

import (
	"fmt"
	"maps"
	"slices"
)

// Rarity is how many alerts each rule had, by the names of Alert.Name.
func (b *Book) Rarity() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := map[string]int{}
	for _, r := range b.rules {
		said[r.words()] += r.said
	}
	return said
}

// Namespaces are those that the alerts name, sorted: where pods are looked for if not all namespaces may be listed.
func (b *Book) Namespaces() []string {
	seen := map[string]bool{}
	b.Each(func(a *Alert) bool {
		if a.Namespace != "" {
			seen[a.Namespace] = true
		}
		return len(seen) < maxNamespaces
	})
	return slices.Sorted(maps.Keys(seen))
}

// maxNamespaces bounds those that alerts can make us list, one request each.
const maxNamespaces = 50

// Summary is what there is, in numbers.
type Summary struct {
	Alerts  int // said
	Entries int // kept
	Broken  int
	Samples []BrokenLine // the first broken lines
	Feeds   []FeedState
	Notes   []string // what was dropped or not kept, in words
}

// Summary counts.
func (b *Book) Summary() Summary {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Summary{Entries: len(b.entries), Notes: b.droppedWords()}
	for _, f := range b.feeds {
		s.Alerts += f.count - f.again
		s.Broken += f.broken
		for _, sample := range f.samples {
			if len(s.Samples) < maxBroken {
				sample.Feed = f.Name
				s.Samples = append(s.Samples, sample)
			}
		}
		s.Feeds = append(s.Feeds, f.stateOf())
	}
	if b.unkept != nil {
		s.Notes = append(s.Notes, fmt.Sprintf("not all lines of alerts are kept: %v", b.unkept))
	}
	return s
}
