package inspect

import "cmp"

// Missing is a file that a package lists and the image does not have.
type Missing struct {
	Path       string    `json:"path"`
	Package    string    `json:"package"`
	Layer      int       `json:"layer"`
	Executable bool      `json:"executable"`
	Status     RowStatus `json:"status"`
	Severity   Severity  `json:"severity"`
}

// FactKind is the fact's JSON name.
func (Missing) FactKind() string { return "missing" }

func (m Missing) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Missing, m, func(a, b Missing) int { return cmp.Compare(a.Path, b.Path) })
}
