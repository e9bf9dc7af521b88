package verdict

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// encoded is a case as -o json prints it: what was recorded, and what follows from it. The fields that stand here too
// come first, in the order of the contract.
type encoded struct {
	Schema   string             `json:"schema"`
	Tool     inspect.Tool       `json:"tool"`
	Target   inspect.Target     `json:"target"`
	Sessions []inspect.Session  `json:"sessions"`
	Started  inspect.Time       `json:"started"`
	Finished inspect.Time       `json:"finished"`
	Complete bool               `json:"complete"`
	Status   inspect.CaseStatus `json:"status"`
	inspect.Case
}

// Encode writes a case as -o json prints it: an indent of two spaces, lists never null. All three answers are in it,
// those that no check has given yet as open. The case itself is not changed.
func Encode(c inspect.Case) ([]byte, error) {
	v := Of(&c)
	c.Answers, c.Findings = c.AllAnswers(), leveled(&c)
	b, err := inspect.EncodeJSON(encoded{
		Schema: c.Schema, Tool: c.Tool, Target: c.Target, Sessions: c.Sessions, Started: c.Started,
		Finished: c.Finished,
		Complete: v.Complete, Status: v.Status, Case: c,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the case: %w", err)
	}
	return b, nil
}
