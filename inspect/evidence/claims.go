package evidence

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// caseOf is what a bag states about its case.
func caseOf(id string, c inspect.Case) BagCase {
	outcome := verdict.Of(&c)
	b := BagCase{
		ID: id, Target: text.Clean(c.Target.Name), Status: outcome.Status, Complete: outcome.Complete,
		Tool: toolName(c.Tool),
	}
	if len(c.Sessions) > 0 {
		b.Operator = text.Clean(c.Sessions[0].Operator + " on " + c.Sessions[0].Host)
	}
	return b
}

// failedClaims counts the checks that failed.
func failedClaims(checks []BagCheck) int {
	n := 0
	for _, c := range checks {
		if c.Status == inspect.Failed {
			n++
		}
	}
	return n
}
