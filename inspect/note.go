package inspect

import "cmp"

// Note is what a person wrote into the case, or the mark that they set on a row.
type Note struct {
	Time    Time   `json:"time"`
	Author  string `json:"author"`
	Subject string `json:"subject"` // finding ID, path, SubjectRuntime, or empty for the case
	Mark    string `json:"mark"`    // malicious, benign, open, or empty; of SubjectRuntime: saved, given-up, open
	Text    string `json:"text"`
}

// FactKind is the fact's JSON name.
func (Note) FactKind() string { return "note" }

func (n Note) fold(c *Case, _ Event) {
	upsert(&c.Notes, n, func(a, b Note) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.Author, b.Author), cmp.Compare(a.Subject,
			b.Subject), cmp.Compare(a.Text, b.Text))
	})
}
