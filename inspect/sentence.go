package inspect

// Basis describes what a sentence of an answer rests on.
type Basis string

// The bases of a sentence, the surest first.
const (
	Seen     Basis = "seen"    // read from bytes that were verified, or from the cluster
	Derived  Basis = "derived" // follows from what was seen
	Claimed  Basis = "claimed" // somebody says so, and nothing proves it
	NotKnown Basis = "unknown" // could not be found out
)

// Words is the basis as people read it.
func (b Basis) Words() string {
	if b == NotKnown {
		return "not known"
	}
	return string(b)
}

// Sentence is one part of an answer, short enough to be read out on a call.
type Sentence struct {
	Text     string   `json:"text"` // without a period
	Basis    Basis    `json:"basis"`
	By       string   `json:"by,omitempty"`  // who claims it
	Run      string   `json:"run,omitempty"` // a command that would tell more, to copy: nothing runs it
	Findings []string `json:"findings"`      // IDs
}

// Known reports whether the sentence is more than a claim or an open question.
func (s Sentence) Known() bool { return s.Basis == Seen || s.Basis == Derived }

// Source is the basis in words: seen, claimed by the labels of Deployment web.
func (s Sentence) Source() string {
	if s.By != "" {
		return s.Basis.Words() + " by " + s.By
	}
	return s.Basis.Words()
}

// String is the sentence with what it rests on.
func (s Sentence) String() string {
	text := s.Text
	if s.Run != "" {
		text += "; to know, run: " + s.Run
	}
	return text + " (" + s.Source() + ")."
}
