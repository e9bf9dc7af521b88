package inspect

import (
	"cmp"
	"slices"
)

// Binary is a suspicious executable.
type Binary struct {
	Path      string    `json:"path"`
	Kind      Kind      `json:"kind"`
	SHA256    string    `json:"sha256"`
	Size      int64     `json:"size"`
	Mode      string    `json:"mode"` // octal: 0755, 4755
	Layer     int       `json:"layer"`
	CreatedBy string    `json:"createdBy"`
	Owner     string    `json:"owner"` // package, or empty
	Count     int       `json:"count"` // files that this row stands for
	Status    RowStatus `json:"status"`
	Severity  Severity  `json:"severity"`
	Codes     []string  `json:"codes"`
	Detail    string    `json:"detail"`
}

// FactKind is the fact's JSON name.
func (Binary) FactKind() string { return "binary" }

// fold keeps the rows worst first. A row's severity may change, so its old place is found by its path.
func (b Binary) fold(c *Case, e Event) {
	i := c.imageFor(e.Container)
	i.Binaries = slices.DeleteFunc(i.Binaries, func(o Binary) bool { return o.Path == b.Path })
	upsert(&i.Binaries, b, func(a, b Binary) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), -cmp.Compare(a.weight(), b.weight()),
			cmp.Compare(a.Path, b.Path))
	})
}

// weight orders rows of the same severity: the alerted one first, then the one with more signs.
func (b Binary) weight() int {
	w := len(b.Codes)
	if slices.Contains(b.Codes, "alerted") {
		w += 100
	}
	return w
}
