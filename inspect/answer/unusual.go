package answer

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// unusual is how an image differs from what else is known of its repository: from the others, most of which are
// signed, or from the last signed one that was seen from this machine, where no previous image is known.
func unusual(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		told := i.Diff != nil && len(i.Diff.Signers) > 0
		for _, f := range c.Findings {
			if f.Subject != i.Container || f.Check != inspect.CheckSigningNorm &&
				(f.Check != inspect.CheckSignerHistory || told) {
				continue
			}
			title := strings.TrimPrefix(trim(f.Title), text.Clean(i.Container)+": ")
			all = append(all, seen(in(c, i)+lower(title), f.ID))
		}
	}
	return some(all, "more things that are unusual")
}

// lower begins a sentence in the middle of another. Names keep their case.
func lower(s string) string {
	if rest, ok := strings.CutPrefix(s, "The "); ok {
		return "the " + rest
	}
	return s
}
