package inspect

import "cmp"

// Provenance is what one statement claims about how the image was made.
type Provenance struct {
	ID            string            `json:"id"`
	PredicateType string            `json:"predicateType"`
	BuildType     string            `json:"buildType"`
	Builder       string            `json:"builder"`
	Source        string            `json:"source"`
	Ref           string            `json:"ref"`
	Commit        string            `json:"commit"`
	Invocation    string            `json:"invocation"`
	Signed        bool              `json:"signed"`
	Signature     string            `json:"signature,omitempty"` // ID of the signature that carries it
	Subject       string            `json:"subject"`
	Status        Status            `json:"status"`
	Reason        string            `json:"reason"`
	Materials     []Material        `json:"materials"`
	Parameters    map[string]string `json:"parameters,omitempty"`
	Started       Time              `json:"started"`
	Finished      Time              `json:"finished"`
	Notes         []string          `json:"notes"`
	Raw           []RawPart         `json:"raw,omitempty"`
}

// Material is an input of a build.
type Material struct {
	URI    string `json:"uri"`
	Digest string `json:"digest"`
}

// FactKind is the fact's JSON name.
func (Provenance) FactKind() string { return "provenance" }

// fold: the key is its ID.
func (p Provenance) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Provenance, p, func(a, b Provenance) int { return cmp.Compare(a.ID, b.ID) })
}
