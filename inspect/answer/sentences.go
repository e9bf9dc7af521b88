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

// seen is a sentence about what the image, the cluster or the registry shows.
func seen(text string, findings ...string) inspect.Sentence {
	return inspect.Sentence{Text: text, Basis: inspect.Seen, Findings: findings}
}

// derived is a sentence that follows from others that were seen.
func derived(text string, findings ...string) inspect.Sentence {
	return inspect.Sentence{Text: text, Basis: inspect.Derived, Findings: findings}
}

// claimed is a sentence that rests on the word of one who is named in by.
func claimed(text, by string, findings ...string) inspect.Sentence {
	return inspect.Sentence{Text: text, Basis: inspect.Claimed, By: by, Findings: findings}
}

// open is a sentence about something that is not known.
func open(text string) inspect.Sentence { return inspect.Sentence{Text: text, Basis: inspect.NotKnown} }

// toKnow is an open sentence with the read-only command whose output settles it.
func toKnow(text, run string) inspect.Sentence {
	return inspect.Sentence{Text: text, Basis: inspect.NotKnown, Run: run}
}

// some keeps the first maxNamed sentences and counts the rest in one, which has the findings of all of them: none is
// lost to the report.
// The sentence that counts has the basis of the first that it stands for.
func some(all []inspect.Sentence, rest string) []inspect.Sentence {
	if len(all) <= maxNamed {
		return all
	}
	var ids []string
	for _, s := range all[maxNamed:] {
		ids = append(ids, s.Findings...)
	}
	more := inspect.Sentence{
		Text: fmt.Sprintf("and %d %s", len(all)-maxNamed, rest), Basis: all[maxNamed].Basis,
		Findings: ids,
	}
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

// listed joins the first names of a list and counts the rest.
// Their order is that of the caller, the most important first.
func listed(names []string) string {
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}

// trim cleans foreign text and removes the period, so that it can be part of a sentence.
// A title ends with a period, and a sentence of an answer gets one behind its basis.
func trim(s string) string { return strings.TrimRight(text.Clean(s), ". ") }

// orNotStated cleans what a statement names, or states that it names nothing.
func orNotStated(s string) string {
	if s == "" {
		return "(not stated)"
	}
	return text.Clean(s)
}

// cut shortens to n runes; the last one is then an ellipsis.
// It counts runes, so that no character is cut in two.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// firstOf is the first that is not empty.
func firstOf(all ...string) string {
	i := slices.IndexFunc(all, func(s string) bool { return s != "" })
	if i < 0 {
		return ""
	}
	return all[i]
}
