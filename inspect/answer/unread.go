package answer

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// unread says which of the checks that a question needs could not look, and why.
func unread(c inspect.Case, needs []string) []inspect.Sentence {
	var all []inspect.Sentence
	for _, s := range c.Checks {
		if s.Status != inspect.CheckBlocked || s.Running() || !slices.Contains(needs, s.Name) {
			continue
		}
		all = append(all, open(fmt.Sprintf("not all could be looked at: %s: %s", checkOf(s), cut(trim(s.Reason),
			maxReason))))
	}
	return some(all, "more checks that could not look")
}

// maxReason bounds the reason of a check in an answer, in runes: the report has it whole.
const maxReason = 160
