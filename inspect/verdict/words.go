package verdict

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Words is the outcome on one line: no problems found; problems found: 1 critical, 7 high; incomplete. The reasons,
// which are in part the words of others, stay in Reasons for whoever cleans them: nothing of what Words
// returns is foreign text.
func (v Verdict) Words(c *inspect.Case) string {
	if counted := Counted(c); v.Status == inspect.CaseFailed && counted != "" {
		return v.Status.Words() + ": " + counted
	}
	return v.Status.Words()
}

// Counted counts the findings that fail the case by severity: 1 critical, 7 high. It is empty where there are none. A
// severity that is none of ours, as in the bundle of another version, is not counted; it fails the case all the same.
func Counted(c *inspect.Case) string {
	count := map[inspect.Severity]int{}
	for _, f := range c.Findings {
		if Fails(c, f) {
			count[f.Severity]++
		}
	}
	var parts []string
	for _, s := range inspect.Severities() {
		if n := count[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}
