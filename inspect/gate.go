package inspect

import "cmp"

// Gate is something that could have stopped or flagged the image, and what it said.
type Gate struct {
	Name   string     `json:"name"`
	Status GateStatus `json:"status"`
	Detail string     `json:"detail"`
	// a flag or a policy of this machine asks for it: what is open leaves the case open
	Asked bool `json:"asked,omitempty"`

	Kind     GateKind    `json:"kind,omitempty"`
	Reason   GateReason  `json:"reason,omitempty"`   // why it was not in the way, or is not known
	Object   *GateObject `json:"object,omitempty"`   // that sets it up
	Products []string    `json:"products,omitempty"` // of GateKindAdmission: whose standing it sums up

	// Of a policy, and of the webhook of a product that enforces policies.
	By        string `json:"by,omitempty"`        // whose it is, who enforces it: policy-controller, Kyverno
	Mode      string `json:"mode,omitempty"`      // enforce or warn
	FailsOpen bool   `json:"failsOpen,omitempty"` // while its controller does not answer, all is let in
	Since     Time   `json:"since,omitzero"`      // when it was set up
	Changed   Time   `json:"changed,omitzero"`    // when it was last changed, where that is later
}

// FactKind is the fact's JSON name.
func (Gate) FactKind() string { return "gate" }

func (g Gate) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Gates, g, func(a, b Gate) int { return cmp.Compare(a.Name, b.Name) })
}
