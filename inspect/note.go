package inspect

import (
	"cmp"
)

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

// fold: the key is time, author, subject and text: a mark that is set again replaces the one of that moment.
func (n Note) fold(c *Case, _ Event) {
	upsert(&c.Notes, n, func(a, b Note) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.Author, b.Author), cmp.Compare(a.Subject,
			b.Subject), cmp.Compare(a.Text, b.Text))
	})
}

// NoticeCut is the code of the notice behind a fact that did not fit a line of the ledger and was cut.
const NoticeCut = "fact-cut"

// Notice is something that the person at the terminal should hear: a list cut short, a rate limit, an expired login.
type Notice struct {
	Level string `json:"level"` // info, warning, error
	// Code is that of a notice that the program acts upon, NoticeCut; empty for all others
	Code string `json:"code,omitempty"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"` // what to try next
}

// FactKind is the fact's JSON name.
func (Notice) FactKind() string { return "notice" }

func (n Notice) fold(c *Case, _ Event) {
	upsert(&c.Notices, n, func(a, b Notice) int { return cmp.Compare(a.Text, b.Text) })
}

// SubjectRuntime is the subject of a note that marks what became of the pod's run-time state: its writable layers and
// memory, which nothing else holds.
const SubjectRuntime = "runtime"

// SubjectCustody is the subject of a note about what happened to evidence outside of this program.
const SubjectCustody = "custody"

// What a person says of the run-time state. Until then nothing is suggested that would destroy it.
const (
	RuntimeSaved   = "saved"
	RuntimeGivenUp = "given-up"
	RuntimeOpen    = "open" // said, and taken back
)

// Runtime is the last note about the run-time state; ok is false while it is open.
func (c *Case) Runtime() (n Note, ok bool) {
	for _, o := range c.Notes {
		if o.Subject == SubjectRuntime && o.Mark != "" {
			n = o
		}
	}
	return n, n.Mark == RuntimeSaved || n.Mark == RuntimeGivenUp
}

// Gone is the change by which the pod went, while the case was open.
func (c *Case) Gone() (PodChange, bool) {
	for _, x := range c.Changes {
		if x.State == PodGone || x.State == PodReplaced {
			return x, true
		}
	}
	return PodChange{}, false
}

// NotIntact begins the banner of a bundle whose files do not fit its manifests.
const NotIntact = "bundle is not intact"
