package inspect

import (
	"cmp"
	"strings"
)

// Redaction is a secret that was removed before the case recorded it. What it was cannot be read from its digest:
// whoever has the case's salt and the original can prove that they belong together.
type Redaction struct {
	Container string `json:"container"`
	Where     string `json:"where"`    // the kind of the fact and the field: image imageConfig.env
	Kind      string `json:"kind"`     // in words: password in a URL
	Original  string `json:"original"` // hmac-sha256:…, with the salt of the case, of what was removed
}

// FactKind is the fact's JSON name.
func (Redaction) FactKind() string { return "redaction" }

func (r Redaction) fold(c *Case, e Event) {
	r.Container = e.Container
	upsert(&c.Redactions, r, func(a, b Redaction) int {
		return cmp.Or(strings.Compare(a.Container, b.Container), strings.Compare(a.Where, b.Where),
			strings.Compare(a.Original, b.Original))
	})
}
