package redact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mark stands in place of a secret.
const Mark = "REDACTED"

// Withheld stands in place of the value of an environment variable that nothing shows to be a secret, nor to be none.
const Withheld = "NOT-KEPT"

// Secret is something that was removed. Its value is for a salted digest only and is never written anywhere.
// It must not reach a log, a message or a fact.
type Secret struct {
	Kind  string // in words, as "password in a URL"
	Value string
}

// span is the place of a secret in a text, in bytes.
type span struct {
	from, to int
	kind     string
}

// Text removes the secrets of a text that others wrote: a line of a log, an alert, a script, a configuration file.
//
// It is a search for what is known, and promises nothing about the rest: a secret without a name or a form of its own
// is kept. Doing it twice gives the same text as doing it once.
func Text(s string) (string, []Secret) {
	if len(s) < minText {
		return s, nil
	}
	spans := formSpans(s)
	spans = append(spans, assignmentSpans(s, true)...)
	spans = append(spans, lineSpans(s)...)
	return replace(s, spans)
}

// Prose removes the secrets that a sentence of ours may quote. Other than Text it takes "NAME: WORD" for what it is in
// a sentence, an explanation.
func Prose(s string) (string, []Secret) {
	if len(s) < minText {
		return s, nil
	}
	spans := formSpans(s)
	spans = append(spans, assignmentSpans(s, false)...)
	if strings.Contains(s, "-") {
		spans = append(spans, lineSpans(s)...)
	}
	return replace(s, spans)
}

// minText is the length of the shortest text that can hold a name and a secret, "-p x" aside.
const minText = 6

// wordBreak separates the words of an argument list while they are looked at together. It counts as a blank in regular
// expressions and does not occur in commands.
const wordBreak = "\f"

// Words removes the secrets of an argument list, also those whose name stands in the word before. It never changes the
// number of words, nor the list that it is given.
// Each word keeps its place, since the place of an argument is evidence.
func Words(words []string) ([]string, []Secret) {
	if len(words) == 0 {
		return words, nil
	}
	joined := strings.Join(words, wordBreak)
	spans := append(commandSpans(splitList(joined)), splitSpans(splitList(joined))...)
	spans = append(spans, formSpans(joined)...)
	spans = append(spans, assignmentSpans(joined, true)...)
	at := 0
	for _, w := range words {
		if strings.ContainsAny(w, " \t\n") {
			spans = append(spans, shift(lineSpans(w), at)...)
		}
		at += len(w) + len(wordBreak)
	}
	// A secret that spans several words leaves a mark in each of them.
	clean, secrets := replace(joined, cutAt(joined, spans))
	if out := strings.Split(clean, wordBreak); len(out) == len(words) {
		return out, secrets
	}
	return []string{Mark}, append(secrets, Secret{"command line that cannot be split", joined})
}

// cutAt splits spans at the breaks between words.
func cutAt(joined string, spans []span) []span {
	var out []span
	for _, s := range spans {
		from := s.from
		for part := range strings.SplitSeq(joined[s.from:s.to], wordBreak) {
			if part != "" {
				out = append(out, span{from, from + len(part), s.kind})
			}
			from += len(part) + len(wordBreak)
		}
	}
	return out
}

// shift moves spans to where their part of a text begins.
func shift(spans []span, by int) []span {
	for i := range spans {
		spans[i].from, spans[i].to = spans[i].from+by, spans[i].to+by
	}
	return spans
}

// replace puts the mark in place of the spans, which may overlap. What is a mark already stays.
// Overlapping spans give one mark. Of each secret that part is returned which no other one before it had.
func replace(s string, spans []span) (string, []Secret) {
	spans = slices.DeleteFunc(spans, func(p span) bool { return p.from >= p.to || s[p.from:p.to] == Mark })
	if len(spans) == 0 {
		return s, nil
	}
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to))
	})
	var b strings.Builder
	var secrets []Secret
	end := 0
	for _, p := range spans {
		if p.to <= end {
			continue
		}
		if p.from >= end { // else it only goes on behind the one before
			b.WriteString(s[end:p.from])
			b.WriteString(Mark)
		}
		p.from = max(p.from, end)
		secrets = append(secrets, Secret{p.kind, s[p.from:p.to]})
		end = p.to
	}
	b.WriteString(s[end:])
	return b.String(), secrets
}

// Kinds lists the kinds of secrets with their numbers, sorted: "password in a URL (2)".
// It is what a file's redactions are listed by: no part of a secret is in it.
func Kinds(secrets []Secret) []string {
	count := map[string]int{}
	for _, s := range secrets {
		count[s.Kind]++
	}
	var all []string
	for kind, n := range count {
		all = append(all, fmt.Sprintf("%s (%d)", kind, n))
	}
	slices.Sort(all)
	return all
}
