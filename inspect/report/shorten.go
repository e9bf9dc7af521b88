package report

import (
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// workflow is a certificate's identity of GitHub Actions: repository, workflow file and ref.
var workflow = regexp.MustCompile(`(^|[\s(])https://github\.com/([\w.-]+/[\w.-]+)/\.github/workflows/([\w.-]+)@refs/([\w./-]*[\w/-])`)

// repository is a source on GitHub as statements write it.
var repository = regexp.MustCompile(`(^|[\s(])(?:git\+)?https://(github\.com/[\w.-]+/[\w.-]+)`)

// brieflyNamed shortens identities and sources where the whole stands elsewhere: shop/web release.yml@tags/v1. Only
// github.com itself is left out; every other host stays.
func brieflyNamed(text string) string {
	return repository.ReplaceAllString(workflow.ReplaceAllString(text, "$1$2 $3@$4"), "$1$2")
}

// anyDigest is a digest inside a sentence.
var anyDigest = regexp.MustCompile(`sha256:([0-9a-f]{12})[0-9a-f]{52}`)

// shortDigests shortens the digests of a sentence that stand in full beside it.
func shortDigests(text string) string { return anyDigest.ReplaceAllString(text, "$1…") }

// basis is how an answer's sentence ends: with what it rests on.
var basis = regexp.MustCompile(`\((seen|derived|claimed|not known)\)\.(?: |$)`)

// sentences takes the text of an answer apart.
func sentences(text string) []string {
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

// spoken is a sentence of an answer in the fewest words: without the container that the brief is about, and without
// what it rests on where that is solid.
func spoken(sentence string, about inspect.Image) string {
	for _, end := range []string{" (seen).", " (derived)."} {
		sentence = strings.TrimSuffix(sentence, end)
	}
	sentence = strings.TrimPrefix(sentence, "in "+about.Subject+": ")
	return brieflyNamed(strings.ReplaceAll(sentence, " # buildkit", ""))
}
