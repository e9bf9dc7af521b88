package answer

import (
	"regexp"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// digestInWords is a digest that stands behind a name: it is left out, since the answer is read out on a call.
var digestInWords = regexp.MustCompile(` \(sha(256|512):[0-9a-f]+\)`)

// baseImage names the base image where a file in question came with one of its layers. The name stands in a label that
// whoever built the image wrote, so it is a claim unless the layers themselves were compared: that is a field of the
// setting, and never read from its words, which quote the label.
func baseImage(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		_, layers := badPaths(c, i)
		if !slices.ContainsFunc(layers, func(n int) bool { l, _ := layerOf(i, n); return l.Base }) {
			continue
		}
		at := slices.IndexFunc(i.Notable, func(s inspect.Setting) bool {
			return s.Code == inspect.CodeBaseImage ||
				s.Code == inspect.CodeBaseMismatch
		})
		if at < 0 {
			all = append(all, open(in(c,
				i)+"which image its base is is not known: neither its manifest nor a label names one; that there "+
				"is one follows from its build steps"))
			continue
		}
		text := in(c, i) + trim(digestInWords.ReplaceAllString(i.Notable[at].Detail, ""))
		if i.Notable[at].Basis == inspect.Seen {
			all = append(all, seen(text))
		} else {
			all = append(all, claimed(text, "the image itself"))
		}
	}
	return some(all, "more base images")
}
