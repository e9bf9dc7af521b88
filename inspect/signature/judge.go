package signature

import (
	"errors"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/backtrail/backtrail/inspect"
)

// best tries a signature with each trusted root by itself, since what one root demands another cannot give, and keeps
// the outcome in which most links hold.
// An outcome that the library accepts always comes first.
func best(roots []Root, try func(root.TrustedMaterial) outcome) outcome {
	var kept *outcome
	for _, m := range materials(roots) {
		o := try(m)
		if kept == nil || o.sound() && !kept.sound() || !kept.sound() && o.reached() > kept.reached() {
			kept = &o
		}
	}
	if kept == nil {
		o := outcome{chain: newChain(), judged: errors.New("there is no trusted root")}
		o.open(inspect.StepCertificate, inspect.ReasonUnknownKey, "there is no trusted root to follow it to")
		return o
	}
	return *kept
}

// verify judges a bundle by every trusted root and every key at hand.
// It mirrors cosignSignature.verify for the other form.
func (s *sigstoreBundle) verify(roots []Root, a artifact, x expectation) outcome {
	if s.cert != nil {
		return best(roots, func(m root.TrustedMaterial) outcome { return s.byCertificate(m, a, x) })
	}
	if len(roots) == 0 {
		roots = []Root{{Material: &root.BaseTrustedMaterial{}}}
	}
	var certain *outcome
	for _, k := range x.keys {
		for _, v := range k.verifiers(!s.message) {
			o := best(roots, func(m root.TrustedMaterial) outcome { return s.byKey(m, k, v, a) })
			if o.status(inspect.StepSignature) == inspect.Verified {
				x.explainKey(o.chain, k)
				return o
			}
			if certain == nil && s.names(k) {
				certain = &o
			}
		}
	}
	if certain != nil {
		return *certain
	}
	o := outcome{chain: newChain(), judged: errors.New("no key at hand verifies it")}
	s.explainIntegrity(o.chain)
	o.unknownKey(len(x.keys))
	return o
}

// names reports whether bundle or log entry name this very key: then it is certain, and a signature that it does not
// verify is invalid, not by another signer.
func (s *sigstoreBundle) names(k key) bool {
	if s.hint != "" && s.hint == k.hint {
		return true
	}
	for _, e := range s.entries {
		if k.equals(e.PublicKey()) {
			return true
		}
	}
	return false
}

// unknownKey explains a signature by a managed key that is not at hand.
// Nothing speaks against such a signature, and nothing for it: its status is unknown.
func (o *outcome) unknownKey(keys int) {
	o.absent(inspect.StepCertificate, "signed with a managed key, not with a certificate")
	o.absent(inspect.StepSCT, "signed with a managed key, not with a certificate")
	o.open(inspect.StepSignature, inspect.ReasonUnknownKey, "%s",
		fmt.Sprintf("signed with a managed key; none of the %d keys at hand verifies it", keys))
}
