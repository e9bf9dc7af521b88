package inspect

// Files counts the regular files of the merged tree.
type Files struct {
	Total     int    `json:"total"`
	Owned     int    `json:"owned"`
	Unowned   int    `json:"unowned"`
	Altered   int    `json:"altered"`
	Missing   int    `json:"missing"`
	Ownership string `json:"ownership"` // known, partial, unknown
	Detail    string `json:"detail"`    // why it is partial or unknown
}

// FactKind is the fact's JSON name.
func (Files) FactKind() string { return "files" }

func (f Files) fold(c *Case, e Event) { c.imageFor(e.Container).Files = f }
