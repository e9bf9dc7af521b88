package answer

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// blockedChecks are the checks among needs that could not run, with the reason: what an answer does not mention they
// might have found.
// A check that was skipped does not apply, and leaves nothing open.
func blockedChecks(c inspect.Case, needs []string) []inspect.Sentence {
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
