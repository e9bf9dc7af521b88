package inspect

import "cmp"

// Notice is something that the person at the terminal should hear: a list cut short, a rate limit, an expired login.
type Notice struct {
	Level string `json:"level"` // info, warning, error
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"` // what to try next
}

// FactKind is the fact's JSON name.
func (Notice) FactKind() string { return "notice" }

func (n Notice) fold(c *Case, _ Event) {
	upsert(&c.Notices, n, func(a, b Notice) int { return cmp.Compare(a.Text, b.Text) })
}
