package advisory

import (
	"embed"
	"strings"
	"sync"
)

// popular lists well-known names, one a line, the most used ones first: those of npm and PyPI by their downloads. The
// first maxTargets of a list are names that others pose as with a slip, all of them names that others pose as by
// leaving out separators; and all of them are above suspicion.
//
//go:embed popular/*.txt
var popular embed.FS

// maxTargets is how many names of a list are well known enough to be posed as.
const maxTargets = 1000

// Bounds of names that are compared: between short names one character is a common difference.
const (
	// five letters and one slip are a word of their own more often than a look-alike
	minEdited  = 6 // characters of a well-known name, for one that was inserted, left out or replaced
	minSwapped = 5 // for two neighbors that changed places
	// the longest name that npm takes (docs.npmjs.com, "name"); others are not looked at, so that the work is bounded
	maxName = 214
)

// names finds well-known names that others are close to, each list read when it is first needed.
type names struct {
	mu    sync.Mutex
	lists map[string]*nameList
}

// newNames begins an empty set of lists.
func newNames() *names { return &names{lists: map[string]*nameList{}} }

// of returns the list of a purl type, or of images; nil where there is none.
func (n *names) of(kind string) *nameList {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l, ok := n.lists[kind]; ok {
		return l
	}
	var l *nameList
	if data, err := popular.ReadFile("popular/" + kind + ".txt"); err == nil {
		l = newNameList(strings.Fields(string(data)))
	}
	n.lists[kind] = l
	return l
}

// nameList is a list of well-known names.
type nameList struct {
	known    map[string]bool
	near     map[string][]string // names by themselves and by what is left of them without one character
	squashed map[string]string   // names by themselves without separators
}

// newNameList indexes popular names, the most popular first, by their near spellings.
func newNameList(all []string) *nameList {
	l := &nameList{known: map[string]bool{}, near: map[string][]string{}, squashed: map[string]string{}}
	for i, n := range all {
		l.known[n] = true
		if key := squash(n); len(key) >= minEdited && l.squashed[key] == "" {
			l.squashed[key] = n
		}
		if i >= maxTargets || len(n) < minSwapped {
			continue
		}
		for _, key := range shortened(n) {
			l.near[key] = append(l.near[key], n)
		}
	}
	return l
}

// shortened are a name and all that is left of it without one character: two names that are one edit apart share one.
func shortened(n string) []string {
	keys := make([]string, 0, len(n)+1)
	keys = append(keys, n)
	for i := range len(n) {
		keys = append(keys, n[:i]+n[i+1:])
	}
	return keys
}

// squash leaves out what separates the words of a name.
func squash(n string) string { return separators.ReplaceAllString(n, "") }

// closest returns the well-known name that a name is easily taken for; empty where there is none, and for a
// well-known name.
func (l *nameList) closest(n string) string {
	if l == nil || l.known[n] || len(n) > maxName {
		return ""
	}
	best := ""
	for _, key := range shortened(n) {
		for _, target := range l.near[key] {
			if (best == "" || target < best) && resembles(n, target) {
				best = target
			}
		}
	}
	if best != "" {
		return best
	}
	if target := l.squashed[squash(n)]; target != "" && target != n {
		return target
	}
	return ""
}

// Examples: reqeusts and requests (swapped), colorrs and colors (inserted); not lodash4 and lodash (digits), not
// @babel/corf and @babel/core (one scope).
// resembles reports whether a name is a well-known one with one slip of the fingers. Another number is another release
// line, and another name in the same scope is its owner's.
func resembles(n, target string) bool {
	inserted, swapped := slip(n, target)
	switch {
	case !inserted && !swapped, len(target) < minEdited && !swapped, withoutDigits(n) == withoutDigits(target):
		return false
	}
	scope, _, scoped := strings.Cut(n, "/")
	other, _, _ := strings.Cut(target, "/")
	return !scoped || scope != other
}

// slip compares two names: edited where one character was inserted, left out or replaced, swapped where two neighbors
// changed places.
func slip(a, b string) (edited, swapped bool) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	edited = len(a) <= 1 && len(b) <= 1 && len(a)+len(b) > 0
	return edited, len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

// withoutDigits removes the digits of a name: log4j2 and log4j are no look-alikes of each other.
func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}
