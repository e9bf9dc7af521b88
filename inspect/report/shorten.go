package report

import (
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// workflow is a certificate's identity of GitHub Actions: repository, workflow file and ref.
var workflow = regexp.MustCompile(
	`(^|[\s(])https://github\.com/([\w.-]+/[\w.-]+)/` +
		`\.github/workflows/([\w.-]+)@refs/([\w./-]*[\w/-])`)

// repository is a source on GitHub as statements write it.
var repository = regexp.MustCompile(`(^|[\s(])(?:git\+)?https://(github\.com/[\w.-]+/[\w.-]+)`)

// brieflyNamed shortens identities and sources where the whole stands elsewhere: shop/web release.yml@tags/v1. Only
// github.com itself is left out; every other host stays.
// It is for sentences: lines that are copied, such as an issuer, keep their whole address.
func brieflyNamed(text string) string {
	return repository.ReplaceAllString(workflow.ReplaceAllString(text, "$1$2 $3@$4"), "$1$2")
}

// anyDigest is a digest inside a sentence.
var anyDigest = regexp.MustCompile(`sha256:([0-9a-f]{12})[0-9a-f]{52}`)

// shortDigests shortens the digests of a sentence that stand in full beside it.
func shortDigests(text string) string { return anyDigest.ReplaceAllString(text, "$1…") }

// basis is how an answer's sentence ends: with what it rests on.
var basis = regexp.MustCompile(`\((seen|derived|claimed|not known)\)\.(?: |$)`)

// sentences are those of an answer, in the words of text; what it waits for is one too. A case that another version
// wrote may have nothing but the text.
// They are clean, and in the order in which they are read out.
func sentences(a inspect.Answer, text func(inspect.Sentence) string) []string {
	if len(a.Sentences) == 0 {
		return split(clean(a.Text))
	}
	var list []string
	if len(a.Waiting) > 0 {
		list = append(list, waitingFor(a))
	}
	for _, s := range a.Sentences {
		list = append(list, clean(text(s)))
	}
	return list
}

// waitingFor names the checks that an answer waits for.
func waitingFor(a inspect.Answer) string {
	return "still checking: " + clean(strings.Join(a.Waiting, ", "))
}

// inFull is a sentence with what it rests on, without the command that would show more: that stands by itself.
func inFull(s inspect.Sentence) string { return s.Text + " (" + s.Source() + ")." }

// split cuts the text of an answer into its sentences, each of which ends with what it rests on.
// A text without any basis is one sentence.
func split(text string) []string {
	var list []string
	for len(text) > 0 {
		at := basis.FindStringIndex(text)
		if at == nil {
			return append(list, text)
		}
		list = append(list, strings.TrimSpace(text[:at[1]]))
		text = text[at[1]:]
	}
	return list
}
