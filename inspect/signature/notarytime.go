package signature

import (
	"fmt"
	"strings"
	"time"

	nsignature "github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"github.com/notaryproject/tspclient-go"

	"github.com/backtrail/backtrail/inspect"
)

// explainTime decides the link of the time: the best-before of the signature, and whether its certificates were valid when it
// was made. Without a timestamp of a trusted authority the Notary Project asks whether they are valid now
// (https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md#signature-verification-details);
// now is the case's clock, so that a bundle gives the same verdict next year.
func (n *notarized) explainTime(o *outcome, c notaryCase, s trustpolicy.TrustPolicy, a notaryAnswer) {
	signed := n.content.SignerInfo.SignedAttributes
	fail := func(kind trustpolicy.ValidationType, format string, args ...any) {
		level, err := s.SignatureVerification.GetVerificationLevel()
		if err == nil && level.Enforcement[kind] == trustpolicy.ActionLog {
			o.absent(inspect.StepTimestamp, "%s; the trust policy %s does not ask for it", fmt.Sprintf(format, args...), s.Name)
			return
		}
		o.fail(inspect.StepTimestamp, NoTimestamp, format, args...)
	}
	switch {
	case n.refused != nil:
		o.open(inspect.StepTimestamp, "", "not reached: the envelope does not hold")
		return
	case a.skipped:
		o.open(inspect.StepTimestamp, "", "not reached: there is no trust store")
		return
	}
	n.explainSignedTime(o, c, s, a, fail)
	if e := signed.Expiry; !e.IsZero() && !c.now.Before(e) && o.status(inspect.StepTimestamp) != inspect.Failed {
		fail(trustpolicy.TypeExpiry, "the signer lets it expire at %s, and it is %s", stamp(e), stamp(c.now))
	}
}

func (n *notarized) explainSignedTime(o *outcome, c notaryCase, s trustpolicy.TrustPolicy, a notaryAnswer, fail func(trustpolicy.ValidationType, string, ...any)) {
	info := n.content.SignerInfo
	stamped := len(info.UnsignedAttributes.TimestampSignature) > 0
	late := s.SignatureVerification.VerifyTimestamp == trustpolicy.OptionAfterCertExpiry
	valid := n.within(c.now)
	switch {
	case info.SignedAttributes.SigningScheme == nsignature.SigningSchemeX509SigningAuthority:
		if a.time != nil {
			fail(trustpolicy.TypeAuthenticTimestamp, "%v", a.time)
			return
		}
		o.time = info.SignedAttributes.SigningTime
		o.hold(inspect.StepTimestamp, "signed at %s, says the signing authority, while its certificates were valid", stamp(o.time))
	case asksForTime(s) && stamped && !(late && valid == nil):
		if a.time != nil {
			fail(trustpolicy.TypeAuthenticTimestamp, "the timestamp does not hold: %v", a.time)
			return
		}
		o.time = n.stampedAt()
		o.hold(inspect.StepTimestamp, "signed at %s, says a timestamp authority of the trust store, while its certificates were valid", stamp(o.time))
	case asksForTime(s) && !late:
		fail(trustpolicy.TypeAuthenticTimestamp, "the trust policy %s asks for a timestamp, and none came with it", s.Name)
	case valid != nil:
		fail(trustpolicy.TypeAuthenticTimestamp, "nothing that is signed says when it was signed, and it is %s: %v", stamp(c.now), valid)
	default:
		o.hold(inspect.StepTimestamp, "no trusted time came with it; its certificates are valid at %s, the time of this case", stamp(c.now))
	}
}

// asksForTime says that a statement names a store of timestamp authorities.
func asksForTime(s trustpolicy.TrustPolicy) bool {
	for _, name := range s.TrustStores {
		if strings.HasPrefix(name, string(truststore.TypeTSA)+":") {
			return true
		}
	}
	return false
}

// stampedAt is the time in a timestamp that the library has verified.
func (n *notarized) stampedAt() (t time.Time) {
	_ = protect("reading the timestamp", func() error {
		token, err := tspclient.ParseSignedToken(n.content.SignerInfo.UnsignedAttributes.TimestampSignature)
		if err != nil {
			return err
		}
		info, err := token.Info()
		if err != nil {
			return err
		}
		stamped, err := info.Validate(n.content.SignerInfo.Signature)
		if err == nil {
			t = stamped.Value
		}
		return err
	})
	return t
}
