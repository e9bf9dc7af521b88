package signature

import (
	"fmt"
	"strings"
	"time"

	"github.com/notaryproject/notation-go/verifier/trustpolicy"

	"github.com/backtrail/backtrail/inspect"
)

// explainSigner compares the signer with who was expected: by key, by the trust policy, by identity.
func (n *notarized) explainSigner(c *chain, in notaryCase, s trustpolicy.TrustPolicy, stated bool, a notaryAnswer) {
	who := n.leaf().Subject.String()
	plugin, _ := n.content.SignerInfo.ExtendedAttribute("io.cncf.notary.verificationPlugin")
	k, byKey := in.expect.keyOf(n.leaf())
	byFlag := in.expect.named() && !in.notary.named()
	switch {
	case !c.sound():
		c.open(inspect.StepIdentity, "", "not reached: a link before it does not hold; the certificate names %s", who)
	case plugin.Key != nil:
		c.open(inspect.StepIdentity, "", "the signature asks for the plugin %v to verify it, and backtrail runs none", plugin.Value)
	case byKey:
		c.hold(inspect.StepIdentity, "signed by %s with the key %s, as expected", who, k.digest)
	case byFlag && len(in.expect.wider) > 0:
		c.open(inspect.StepIdentity, NoExpectation, "expected %s; signed by %s; others may be accepted: %s", in.expect.words, who, strings.Join(in.expect.wider, "; "))
	case byFlag:
		c.fail(inspect.StepIdentity, IdentityMismatch, "expected %s; signed by %s", in.expect.words, who)
	case !stated:
		c.open(inspect.StepIdentity, NoExpectation, "signed by %s; no trust policy says who should have signed %s", who, orImage(in.scope))
	case a.who != nil:
		c.fail(inspect.StepIdentity, IdentityMismatch, "the trust policy %s expects %s; signed by %s", s.Name, strings.Join(s.TrustedIdentities, " or "), who)
	default:
		c.hold(inspect.StepIdentity, "signed by %s, as the trust policy %s expects (%s)", who, s.Name, strings.Join(s.TrustedIdentities, " or "))
	}
}

func orImage(scope string) string {
	if scope == "" {
		return "the image"
	}
	return scope
}

func (n *Notary) named() bool { return n != nil && n.doc.Named }

// within says which of the certificates was not valid at a time.
func (n *notarized) within(t time.Time) error {
	for _, c := range n.content.SignerInfo.CertificateChain {
		if !within(c, t) {
			return fmt.Errorf("the certificate of %s was valid from %s", c.Subject, validity(c))
		}
	}
	return nil
}
