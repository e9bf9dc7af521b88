package inspect

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
