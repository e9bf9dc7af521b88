package inspect

import "cmp"

// Altered is a packaged file whose content is not what its package says.
type Altered struct {
	Path     string    `json:"path"`
	Kind     Kind      `json:"kind"`
	Package  string    `json:"package"`
	Layer    int       `json:"layer"`
	Expected string    `json:"expected"` // algorithm:hex, md5 for dpkg, sha1 for apk
	Actual   string    `json:"actual"`
	Config   bool      `json:"config"`
	Status   RowStatus `json:"status"`
	Severity Severity  `json:"severity"`
	Detail   string    `json:"detail"`
	SHA256   string    `json:"sha256"`
}

// FactKind is the fact's JSON name.
func (Altered) FactKind() string { return "altered" }

func (a Altered) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Altered, a, func(a, b Altered) int { return cmp.Compare(a.Path, b.Path) })
}
