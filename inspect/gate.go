package inspect

import (
	"cmp"
)

// Gate is something that could have stopped or flagged the image, and its result.
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
	Requires  string `json:"requires,omitempty"`  // who must have signed, as the policy names them; empty: nobody
}

// FactKind is the fact's JSON name.
func (Gate) FactKind() string { return "gate" }

// fold: the key is its name.
func (g Gate) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Gates, g, func(a, b Gate) int { return cmp.Compare(a.Name, b.Name) })
}

// Names of the gates that the outcome of a case depends on.
const (
	GateSignature  = "signature"  // by the signature check: absent, or what the expectation says
	GateProvenance = "provenance" // by the provenance check
)

// GateKind is what kind of thing a gate is.
type GateKind string

// The kinds of gates.
const (
	GateKindAdmission       GateKind = "admission"        // the sum of all that verified images on their way in
	GateKindWebhook         GateKind = "webhook"          // a validating webhook
	GateKindMutatingWebhook GateKind = "mutating-webhook" // one of a product that verifies images while it changes them
	GateKindAdmissionPolicy GateKind = "admission-policy" // a ValidatingAdmissionPolicy of the API server
	GateKindPodSecurity     GateKind = "pod-security"
	GateKindPinned          GateKind = "pinned"       // the pod names a digest, not a tag
	GateKindImagePolicy     GateKind = "image-policy" // a policy on who must have signed the image
)

// GateReason is why a gate was not in the way, or why that is not known.
type GateReason string

// The reasons of gates. Detail words them.
const (
	GateStaticPod    GateReason = "static-pod"    // started by a kubelet from a file: no admission
	GateNoVerifier   GateReason = "no-verifier"   // nothing in the cluster verifies images
	GateNoLabel      GateReason = "no-label"      // the namespace lacks the label by which its product is switched on
	GateNotSelected  GateReason = "not-selected"  // a selector leaves out the namespace or the object
	GateSetUpLater   GateReason = "set-up-later"  // after the object came in
	GateNotBound     GateReason = "not-bound"     // no binding puts the policy into force
	GateWarnsOnly    GateReason = "warns-only"    // warn or audit, not deny
	GateFailsOpen    GateReason = "fails-open"    // failurePolicy Ignore
	GateConditions   GateReason = "conditions"    // matchConditions, which are not evaluated
	GateNotReadable  GateReason = "not-readable"  // webhooks, bindings or labels could not be read
	GateNotReachable GateReason = "not-reachable" // stores of signatures could not be read
	GateNotCompared  GateReason = "not-compared"  // the policy requires something that is not compared here
)

// GateObject is the object of the cluster that sets a gate up.
type GateObject struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}
