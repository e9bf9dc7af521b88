package signature

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/notaryproject/notation-core-go/revocation"
	"github.com/notaryproject/notation-core-go/revocation/result"
	nsignature "github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"github.com/notaryproject/tspclient-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/backtrail/backtrail/inspect"
)

// notaryCase is what a signature by the Notary Project's rules is judged against.
// The clock is that of the case, so that the same evidence gives the same verdict next year.
type notaryCase struct {
	notary *Notary
	scope  string    // host/repository as the image was named, by which a policy chooses its statement
	now    time.Time // the case's clock: a certificate without a timestamp must be valid then
	image  artifact
	expect expectation
	target ocispec.Descriptor // the image as it is
}

// verify judges a signature. The verdict is notation-go's, at the case's clock; the links explain it.
// The last lines keep the library's word above the explanation: what it refuses is never reported as valid.
func (n *notationSignature) verify(ctx context.Context, c notaryCase) outcome {
	o := outcome{chain: newChain()}
	o.pass(inspect.StepIntegrity, "Notary Project signature in a %s envelope", n.form())
	o.absent(inspect.StepSCT, "the Notary Project has no certificate transparency")
	o.absent(inspect.StepLog, "the Notary Project has no transparency log")
	statement, stated := c.statement()
	n.explainRefusal(o.chain)
	n.explainStores(o.chain, c, statement)
	n.explainTarget(o.chain, c)
	answer := n.ask(ctx, c, statement)
	n.explainTime(&o, c, statement, answer)
	n.explainSigner(o.chain, c, statement, stated, answer)
	o.judged = answer.err
	if o.judged != nil && o.sound() && o.status(inspect.StepIdentity) == inspect.Verified {
		o.fail(inspect.StepSignature, inspect.ReasonInvalidSignature, "every link is valid by itself, and yet: %v",
			o.judged)
	}
	return o
}

// statement is the one of the trust policy that is about the image's repository; without a policy, or where none of its
// statements fits or the one that fits skips verification, all stores are asked and no signer is expected.
// A policy that skips verification names who is not checked, and so expects no one.
func (c notaryCase) statement() (s trustpolicy.TrustPolicy, stated bool) {
	if c.notary == nil {
		return s, false
	}
	if c.notary.policy != nil {
		scope := c.scope
		if scope == "" {
			scope = "local/image" // only a statement for everything fits an image without a repository
		}
		found, err := c.notary.policy.GetApplicableTrustPolicy(scope + "@" + c.image.main)
		if err == nil && found.SignatureVerification.VerificationLevel != trustpolicy.LevelSkip.Name {
			return *found, true
		}
	}
	s.Name, s.TrustedIdentities = "every trust store", []string{"*"}
	s.SignatureVerification = trustpolicy.SignatureVerification{
		VerificationLevel: trustpolicy.LevelStrict.Name,
		VerifyTimestamp:   trustpolicy.OptionAfterCertExpiry,
	}
	for name := range c.notary.stores {
		s.TrustStores = append(s.TrustStores, name)
	}
	slices.Sort(s.TrustStores)
	return s, false
}

// explainRefusal describes what the library refuses in the envelope itself.
func (n *notationSignature) explainRefusal(c *chain) {
	var altered *nsignature.SignatureIntegrityError
	switch {
	case n.refused == nil:
		c.pass(inspect.StepSignature, "the signature is by the certificate's key over these bytes")
	case errors.As(n.refused, &altered):
		c.fail(inspect.StepSignature, inspect.ReasonInvalidSignature,
			"the signature is not by the certificate's key over these bytes: %v", n.refused)
	default:
		c.fail(inspect.StepIntegrity, inspect.ReasonMalformed,
			"the envelope does not follow the Notary Project's specification: %v", n.refused)
	}
}

// explainStores follows the certificates to a trust store.
// The kind of store depends on the signing scheme: a signing authority vouches for its time, a CA does not.
func (n *notationSignature) explainStores(c *chain, in notaryCase, s trustpolicy.TrustPolicy) {
	kind := truststore.TypeCA
	if n.content.SignerInfo.SignedAttributes.SigningScheme == nsignature.SigningSchemeX509SigningAuthority {
		kind = truststore.TypeSigningAuthority
	}
	var trusted []*x509.Certificate
	var names []string
	for _, name := range s.TrustStores {
		if strings.HasPrefix(name, string(kind)+":") && in.notary != nil {
			trusted = append(trusted, in.notary.stores[name]...)
			names = append(names, name)
		}
	}
	switch {
	case in.notary != nil && in.notary.err != nil:
		c.open(inspect.StepCertificate, inspect.ReasonUnknownKey, "the trust store cannot be read: %v", in.notary.err)
	case len(trusted) == 0:
		c.open(inspect.StepCertificate, inspect.ReasonUnknownKey,
			"no certificate of a trust store of the kind %s is at hand: --notation-trust-store DIR names one", kind)
	case n.refused != nil:
		c.open(inspect.StepCertificate, "", "not reached: the envelope does not hold")
	default:
		root, err := nsignature.VerifyAuthenticity(&n.content.SignerInfo, trusted)
		if err != nil {
			c.fail(inspect.StepCertificate, inspect.ReasonUntrustedRoot,
				"none of its %d certificates is among the %d of %s; the last is %s",
				len(n.content.SignerInfo.CertificateChain), len(trusted), strings.Join(names, ", "), n.top().Subject)
			return
		}
		c.pass(inspect.StepCertificate, "the certificate leads to %s in %s", root.Subject, strings.Join(names, ", "))
	}
}

// top is the last certificate of the chain, which should be in a store; parse has checked that there is one.
func (n *notationSignature) top() *x509.Certificate {
	all := n.content.SignerInfo.CertificateChain
	return all[len(all)-1]
}

// explainTarget compares what was signed with the image: digest, media type and size.
// Cosign signs a digest alone; the Notary Project a whole descriptor (OCI image-spec, descriptor.md).
func (n *notationSignature) explainTarget(c *chain, in notaryCase) {
	name := n.target.Digest.String()
	what, ours := in.image.names[name]
	switch {
	case !ours:
		c.fail(inspect.StepSubject, inspect.ReasonSubjectMismatch, "it names %s, and %s is %s", name, in.image.what,
			in.image.main)
	case in.target.Digest == "":
		c.open(inspect.StepSubject, "", "it names %s, whose size cannot be compared: its manifest could not be read",
			name)
	case in.target.MediaType != n.target.MediaType || in.target.Size != n.target.Size:
		c.fail(inspect.StepSubject, inspect.ReasonSubjectMismatch,
			"it names %s of %d bytes as %s, and that is %s of %d bytes",
			name, n.target.Size, n.target.MediaType, in.target.MediaType, in.target.Size)
	default:
		c.pass(inspect.StepSubject, "it names %s, %s", name, what)
	}
}

// notaryAnswer is notation-go's result.
type notaryAnswer struct {
	err     error // of all but what the clock decides
	who     error // of the certificates and whom they name
	time    error // of the signed time
	skipped bool  // it was not asked: there is no trust store
}

// ask calls notation-go. What depends on the clock is left to explainTime, since the library uses this machine's
// clock only; plugins are not run, and no authority is asked about revocation.
// The scope is a placeholder, since the statement was chosen before by the image's real one.
func (n *notationSignature) ask(ctx context.Context, c notaryCase, s trustpolicy.TrustPolicy) notaryAnswer {
	if c.notary == nil || len(s.TrustStores) == 0 {
		return notaryAnswer{skipped: true, err: errors.New("there is no trust store")}
	}
	s.RegistryScopes = []string{"*"}
	s.SignatureVerification = trustpolicy.SignatureVerification{
		VerificationLevel: trustpolicy.LevelStrict.Name, VerifyTimestamp: trustpolicy.OptionAlways,
		Override: map[trustpolicy.ValidationType]trustpolicy.ValidationAction{
			trustpolicy.TypeRevocation:         trustpolicy.ActionSkip,
			trustpolicy.TypeAuthenticTimestamp: trustpolicy.ActionLog,
			trustpolicy.TypeExpiry:             trustpolicy.ActionLog,
		},
	}
	var a notaryAnswer
	a.err = protect("verifying the signature", func() error {
		doc := &trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{s}}
		v, err := verifier.NewWithOptions(doc, c.notary, nil,
			verifier.VerifierOptions{
				RevocationTimestampingValidator: unasked{},
				RevocationCodeSigningValidator:  unasked{},
			})
		if err != nil {
			return err
		}
		got, err := v.Verify(ctx, c.target, n.raw, notation.VerifierVerifyOptions{ArtifactReference: "local/image@" +
			c.image.main, SignatureMediaType: n.mediaType})
		if got != nil {
			a.who, a.time = resultOf(got, trustpolicy.TypeAuthenticity), resultOf(got,
				trustpolicy.TypeAuthenticTimestamp)
		}
		return err
	})
	return a
}

// resultOf is what the library found of one kind; nil where it holds or was not asked.
func resultOf(o *notation.VerificationOutcome, kind trustpolicy.ValidationType) error {
	for _, r := range o.VerificationResults {
		if r.Type == kind {
			return r.Error
		}
	}
	return nil
}

// unasked stands where notation-go would ask an authority about revocation.
type unasked struct{}

// ValidateContext answers that no certificate can be revoked, one result for each, as the library expects. That it was
// not asked stands in the notes of the row.
func (unasked) ValidateContext(_ context.Context,
	o revocation.ValidateContextOptions,
) ([]*result.CertRevocationResult, error) {
	var all []*result.CertRevocationResult
	for range o.CertChain {
		all = append(all, &result.CertRevocationResult{
			Result:        result.ResultNonRevokable,
			ServerResults: []*result.ServerResult{{Result: result.ResultNonRevokable}},
		})
	}
	return all, nil
}

// explainSigner compares the signer with who was expected: by key, by the trust policy, by identity.
// A plugin is a program that the signature names: it is never run, and leaves the identity open.
func (n *notationSignature) explainSigner(c *chain, in notaryCase, s trustpolicy.TrustPolicy, stated bool,
	a notaryAnswer,
) {
	who := n.leaf().Subject.String()
	plugin, _ := n.content.SignerInfo.ExtendedAttribute("io.cncf.notary.verificationPlugin")
	k, byKey := in.expect.keyOf(n.leaf())
	byFlag := in.expect.named() && !in.notary.named()
	switch {
	case !c.sound():
		c.open(inspect.StepIdentity, "", "not reached: a link before it does not hold; the certificate names %s", who)
	case plugin.Key != nil:
		c.open(inspect.StepIdentity, "",
			"the signature asks for the plugin %v to verify it, and backtrail runs none", plugin.Value)
	case byKey:
		c.pass(inspect.StepIdentity, "signed by %s with the key %s, as expected", who, k.digest)
	case byFlag && len(in.expect.wider) > 0:
		c.open(inspect.StepIdentity, inspect.ReasonNoExpectation,
			"expected %s; signed by %s; others may be accepted: %s",
			in.expect.words, who, strings.Join(in.expect.wider, "; "))
	case byFlag:
		c.fail(inspect.StepIdentity, inspect.ReasonIdentityMismatch, "expected %s; signed by %s", in.expect.words, who)
	case !stated:
		c.open(inspect.StepIdentity, inspect.ReasonNoExpectation,
			"signed by %s; no trust policy names the expected signer of %s",
			who, orImage(in.scope))
	case a.who != nil:
		c.fail(inspect.StepIdentity, inspect.ReasonIdentityMismatch, "the trust policy %s expects %s; signed by %s",
			s.Name,
			strings.Join(s.TrustedIdentities, " or "), who)
	default:
		c.pass(inspect.StepIdentity, "signed by %s, as the trust policy %s expects (%s)", who, s.Name,
			strings.Join(s.TrustedIdentities, " or "))
	}
}

// orImage is the word for an image without a repository.
func orImage(scope string) string {
	if scope == "" {
		return "the image"
	}
	return scope
}

// named reports whether a person named the policy for this case. A nil Notary has none.
func (n *Notary) named() bool { return n != nil && n.doc.Named }

// within describes which of the certificates was not valid at a time.
// It returns nil where all were valid.
func (n *notationSignature) within(t time.Time) error {
	for _, c := range n.content.SignerInfo.CertificateChain {
		if !within(c, t) {
			return fmt.Errorf("the certificate of %s was valid from %s", c.Subject, validity(c))
		}
	}
	return nil
}

// explainTime decides the link of the time: the best-before of the signature, and whether its certificates were valid
// when it was made. Without a timestamp of a trusted authority the Notary Project asks whether they are valid now
// (trust-store-trust-policy.md, section Signature Verification Details, of github.com/notaryproject/specifications);
// now is the case's clock, so that a bundle gives the same verdict next year.
func (n *notationSignature) explainTime(o *outcome, c notaryCase, s trustpolicy.TrustPolicy, a notaryAnswer) {
	signed := n.content.SignerInfo.SignedAttributes
	fail := func(kind trustpolicy.ValidationType, format string, args ...any) {
		level, err := s.SignatureVerification.GetVerificationLevel()
		if err == nil && level.Enforcement[kind] == trustpolicy.ActionLog {
			o.absent(inspect.StepTimestamp, "%s; the trust policy %s does not ask for it", fmt.Sprintf(format,
				args...), s.Name)
			return
		}
		o.fail(inspect.StepTimestamp, inspect.ReasonNoTimestamp, format, args...)
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

// explainSignedTime chooses the time that counts: of the signing authority, of a timestamp, or else the case's clock.
func (n *notationSignature) explainSignedTime(o *outcome, c notaryCase, s trustpolicy.TrustPolicy, a notaryAnswer,
	fail func(trustpolicy.ValidationType, string, ...any),
) {
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
		o.pass(inspect.StepTimestamp,
			"signed at %s, according to the signing authority, while its certificates were valid",
			stamp(o.time))
	case asksForTime(s) && stamped && !(late && valid == nil):
		if a.time != nil {
			fail(trustpolicy.TypeAuthenticTimestamp, "the timestamp does not hold: %v", a.time)
			return
		}
		o.time = n.stampedAt()
		o.pass(inspect.StepTimestamp,
			"signed at %s, according to a timestamp authority of the trust store, while its certificates were valid",
			stamp(o.time))
	case asksForTime(s) && !late:
		fail(trustpolicy.TypeAuthenticTimestamp, "the trust policy %s asks for a timestamp, and none came with it",
			s.Name)
	case valid != nil:
		fail(trustpolicy.TypeAuthenticTimestamp, "the time of signing is in nothing that is signed, and it is %s: %v",
			stamp(c.now), valid)
	default:
		o.pass(inspect.StepTimestamp,
			"no trusted time came with it; its certificates are valid at %s, the time of this case", stamp(c.now))
	}
}

// asksForTime reports whether a statement names a store of timestamp authorities.
func asksForTime(s trustpolicy.TrustPolicy) bool {
	for _, name := range s.TrustStores {
		if strings.HasPrefix(name, string(truststore.TypeTSA)+":") {
			return true
		}
	}
	return false
}

// stampedAt is the time in a timestamp that the library has verified.
// It is zero where the token cannot be read again, which the library has just done.
func (n *notationSignature) stampedAt() (t time.Time) {
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
