package inspect

import "cmp"

// Setting is something notable in the image's config or history.
type Setting struct {
	Code     string   `json:"code"`
	Detail   string   `json:"detail"`
	Severity Severity `json:"severity"`
}

// FactKind is the fact's JSON name.
func (Setting) FactKind() string { return "setting" }

func (s Setting) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Notable, s, func(a, b Setting) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Detail, b.Detail))
	})
}
