package signature

import (
	"bytes"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/backtrail/backtrail/inspect"
)

// outcome is what became of a signature with one trusted root and one key.
// judged is the verdict of the library, the chain what explains it. The two never disagree: see reconcile.
type outcome struct {
	*chain
	judged error     // the library's verdict on all links but the identity
	time   time.Time // the time that counted
	key    string    // digest of the managed key that verifies it
}

// byCertificate verifies a bundle that was signed with a certificate.
// Links are explained one after the other, also those behind a failed one, as far as they can be judged alone.
func (s *sigstoreBundle) byCertificate(m root.TrustedMaterial, a artifact, x expectation) outcome {
	o := outcome{chain: newChain()}
	material := keyed{TrustedMaterial: m}
	s.explainIntegrity(o.chain)
	times := s.explainLog(o.chain, material)
	times = append(times, s.explainTimestamps(o.chain, material, times)...)
	s.explainLogValidity(o.chain, material, times)
	chains := explainCertificate(o.chain, m, s.cert, times)
	explainSCT(o.chain, m, chains)
	s.explainSignature(o.chain, material, a)
	if len(times) > 0 {
		o.time = times[0].time
	}
	o.judged = protect("verifying the bundle", func() error { return s.judge(material, a) })
	o.reconcile()
	x.explain(o.chain, s.cert)
	return o
}

// byKey verifies a bundle with a managed key.
// The bundle's hint is a claim and chooses nothing: every expected key is tried.
func (s *sigstoreBundle) byKey(m root.TrustedMaterial, k key, v signature.Verifier, a artifact) outcome {
	o := outcome{chain: newChain(), key: k.digest}
	material := keyed{m, v}
	s.explainIntegrity(o.chain)
	o.absent(inspect.StepCertificate, "signed with a managed key, not with a certificate")
	o.absent(inspect.StepSCT, "signed with a managed key, not with a certificate")
	times := s.explainLog(o.chain, material)
	times = append(times, s.explainTimestamps(o.chain, material, times)...)
	s.explainLogValidity(o.chain, material, times)
	s.explainSignature(o.chain, material, a)
	if len(times) > 0 {
		o.time = times[0].time
	}
	o.judged = protect("verifying the bundle", func() error { return s.judge(material, a) })
	o.reconcile()
	if o.sound() {
		o.pass(inspect.StepIdentity, "signed with the key %s, as expected", k.digest)
	}
	return o
}

// reconcile keeps explanation and verdict together. What the library refuses is never explained as holding.
// The other way, an explanation that fails what the library accepts, is a defect of this program, which tests look
// for.
func (o *outcome) reconcile() {
	if o.judged != nil && o.sound() {
		o.fail(inspect.StepSignature, inspect.ReasonInvalidSignature, "every link is valid by itself, and yet: %v",
			o.judged)
	}
}

// explainIntegrity names form and version of the bundle. That it could be parsed is all that this link is about.
func (s *sigstoreBundle) explainIntegrity(c *chain) {
	if s.claimErr != nil {
		c.fail(inspect.StepIntegrity, inspect.ReasonMalformed, "%v", s.claimErr)
		return
	}
	content := "DSSE envelope with a statement of " + s.claim.predicateType
	if s.message {
		content = "message signature"
	}
	c.pass(inspect.StepIntegrity, "Sigstore bundle %s with a %s, %d log entries and %d timestamps", s.version,
		content, len(s.entries), len(s.timestamps))
}

// explainSignature compares the signature with the key, and what was signed with the artifact.
// Whose key it is stands in another link: a valid signature by a stranger passes here.
func (s *sigstoreBundle) explainSignature(c *chain, m keyed, a artifact) {
	err := protect("verifying the signature", func() error { return s.signatureHolds(m, a) })
	if err != nil {
		c.fail(inspect.StepSignature, inspect.ReasonInvalidSignature,
			"the signature is not by the %s over these bytes: %v",
			s.signer(), err)
	} else {
		c.pass(inspect.StepSignature, "the signature is by the %s over these bytes", s.signer())
	}
	if s.claimErr != nil {
		c.open(inspect.StepSubject, "", "not reached: %v", s.claimErr)
		return
	}
	digest, ok := a.matching(s.claim.digests)
	if ok && s.message {
		c.pass(inspect.StepSubject, "it is over %s, %s", digest, a.names[digest])
		return
	}
	if ok {
		c.pass(inspect.StepSubject, "the statement names %s, %s", digest, a.names[digest])
		return
	}
	// A statement may name a file by another algorithm than sha256, and so may a message.
	if err == nil && a.bytes != nil && (!s.message || len(s.claim.digests) == 0) && a.verify(s.content, s.key, m,
		nil) == nil {
		c.pass(inspect.StepSubject, "it names %s, by another digest than sha256", a.what)
		return
	}
	c.fail(inspect.StepSubject, inspect.ReasonSubjectMismatch, "it names %s, and %s is %s", someOf(s.claim.digests),
		a.what, a.main)
}

// signer is the word for what signed: a certificate's key or a managed one.
func (s *sigstoreBundle) signer() string {
	if s.cert != nil {
		return "certificate's key"
	}
	return "managed key"
}

// signatureHolds verifies the signature alone with sigstore-go. A message is verified over its digest; pure Ed25519
// needs the bytes. Older clients signed with SHA-256 whatever the curve: only the whole of Verify covers that.
func (s *sigstoreBundle) signatureHolds(m keyed, a artifact) error {
	var err error
	if s.message {
		digest := verify.ArtifactDigest{Algorithm: "sha256", Digest: s.content.MessageSignatureContent().Digest()}
		err = verify.VerifySignatureWithArtifactDigests(s.content, s.key, m, []verify.ArtifactDigest{digest})
	} else {
		err = verify.VerifySignature(s.content, s.key, m)
	}
	if err == nil {
		return nil
	}
	if s.message && a.bytes != nil && a.verify(s.content, s.key, m, nil) == nil {
		return nil
	}
	if s.judge(m, a) == nil {
		return nil
	}
	return err
}

// someOf names the first of several digests, and how many there are: a statement may have a thousand subjects.
func someOf(digests []string) string {
	switch len(digests) {
	case 0:
		return "no sha256 digest"
	case 1:
		return digests[0]
	}
	return digests[0] + " and others"
}

// judge is the verdict: sigstore-go's Verify on everything but the identity.
// It is asked without an identity, for the same reason as cosign is: see cosignSignature.judge.
func (s *sigstoreBundle) judge(m keyed, a artifact) error {
	v, err := verify.NewVerifier(m, s.options(m)...)
	if err != nil {
		return err
	}
	policy, err := a.policy(s.claim.digests)
	if err != nil {
		return err
	}
	who := verify.WithoutIdentitiesUnsafe()
	if s.cert == nil {
		who = verify.WithKey()
	}
	entity, pae := s.asMessage()
	if pae == nil {
		_, err = v.Verify(entity, verify.NewPolicy(policy, who))
		return err
	}
	if _, err := v.Verify(entity, verify.NewPolicy(verify.WithArtifact(bytes.NewReader(pae)), who)); err != nil {
		return err
	}
	return a.verify(s.content, s.key, m, s.claim.digests)
}

// options demand what the trusted root can vouch for, and that what came with the bundle holds.
// Demanding a log entry of a root without logs would fail every signature of an organization with timestamps alone.
func (s *sigstoreBundle) options(m keyed) []verify.VerifierOption {
	options := []verify.VerifierOption{verify.WithoutStatementPredicate()}
	stamped := len(s.timestamps) > 0 && len(m.TimestampingAuthorities()) > 0
	if len(s.entries) > 0 || s.cert != nil && len(m.RekorLogs()) > 0 {
		options = append(options, verify.WithTransparencyLog(1))
	}
	if stamped {
		options = append(options, verify.WithSignedTimestamps(1))
	}
	if s.cert == nil {
		if !stamped {
			options = append(options, verify.WithNoObserverTimestamps())
		}
		return options
	}
	if len(m.CTLogs()) > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	if _, timeless := timelessAuthority(m); timeless && len(s.entries)+len(s.timestamps) == 0 {
		return append(options, verify.WithCurrentTime()) // which the authority takes for the case's clock
	}
	return append(options, verify.WithObserverTimestamps(1))
}
