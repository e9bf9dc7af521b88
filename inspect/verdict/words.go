package verdict

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Words is the outcome on one line: no problems found; problems found: 1 critical, 7 high; incomplete: REASON.
func (v Verdict) Words(c *inspect.Case) string {
	switch v.Status {
	case inspect.CaseFailed:
		if counted := Counted(c); counted != "" {
			return v.Status.Words() + ": " + counted
		}
		return v.Status.Words() + ": " + v.Reasons[0]
	case inspect.CaseIncomplete:
		return v.Status.Words() + ": " + v.Reasons[0]
	default:
		return v.Status.Words()
	}
}

// Counted counts the failed findings by severity: 1 critical, 7 high. It is empty where there are none.
func Counted(c *inspect.Case) string {
	count := map[inspect.Severity]int{}
	for _, f := range c.Findings {
		if f.Status == inspect.RowFailed {
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
