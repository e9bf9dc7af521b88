package inspect

import "cmp"

// PodChange is something that happened to the pod while the case was open. What was kept before stays.
type PodChange struct {
	Time    Time     `json:"time"`    // when it was heard of
	State   string   `json:"state"`   // changed, terminating, gone, replaced
	What    []string `json:"what"`    // in words
	Exhibit string   `json:"exhibit"` // path of the pod as it was then; empty where there is none
}

// The states of a PodChange.
const (
	PodChanged     = "changed"
	PodTerminating = "terminating" // it was asked to go
	PodGone        = "gone"
	PodReplaced    = "replaced" // gone, and another pod has its name
)

// FactKind is the fact's JSON name.
func (PodChange) FactKind() string { return "podChange" }

func (p PodChange) fold(c *Case, _ Event) {
	upsert(&c.Changes, p, func(a, b PodChange) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.State,
			b.State))
	})
}
