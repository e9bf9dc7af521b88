package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// maxNamed bounds how many of a kind one answer names: it is read out on a call.
const maxNamed = 3

func seen(text string, findings ...string) inspect.Sentence {
	return inspect.Sentence{Text: text, Basis: inspect.Seen, Findings: findings}
}

func derived(text string, findings ...string) inspect.Sentence {
	return inspect.Sentence{Text: text, Basis: inspect.Derived, Findings: findings}
}

func claimed(text, by string, findings ...string) inspect.Sentence {
	return inspect.Sentence{Text: text, Basis: inspect.Claimed, By: by, Findings: findings}
}

func open(text string) inspect.Sentence { return inspect.Sentence{Text: text, Basis: inspect.NotKnown} }

// toKnow is an open sentence with the command that would tell.
func toKnow(text, run string) inspect.Sentence {
	return inspect.Sentence{Text: text, Basis: inspect.NotKnown, Run: run}
}

// some keeps the first sentences, and counts the rest.
func some(all []inspect.Sentence, rest string) []inspect.Sentence {
	if len(all) <= maxNamed {
		return all
	}
	var ids []string
	for _, s := range all[maxNamed:] {
		ids = append(ids, s.Findings...)
	}
	more := inspect.Sentence{Text: fmt.Sprintf("and %d %s", len(all)-maxNamed, rest), Basis: all[maxNamed].Basis,
		Findings: ids}
	return append(all[:maxNamed:maxNamed], more)
}

// titles are the titles of findings as sentences that were seen.
func titles(found []inspect.Finding) []inspect.Sentence {
	var all []inspect.Sentence
	for _, f := range found {
		all = append(all, seen(trim(f.Title), f.ID))
	}
	return all
}

// listed names the first of a list.
func listed(names []string) string {
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}

// trim takes the period off a sentence that another part wrote.
func trim(s string) string { return strings.TrimRight(text.Clean(s), ". ") }

func saidOr(s string) string {
	if s == "" {
		return "(not said)"
	}
	return text.Clean(s)
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func firstOf(all ...string) string {
	i := slices.IndexFunc(all, func(s string) bool { return s != "" })
	if i < 0 {
		return ""
	}
	return all[i]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
