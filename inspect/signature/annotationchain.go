package signature

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/oci"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/backtrail/backtrail/inspect"
)

// verify judges a signature on a cosign tag by every trusted root and every key at hand.
//
// Roots are tried one by one and never mixed, so that no verdict rests on the certificate authority of one and the log
// of another. Of several outcomes the one in which most links are valid is reported.
func (s *cosignSignature) verify(ctx context.Context, roots []Root, a artifact, x expectation) outcome {
	if k, ok := x.keyOf(s.cert); ok {
		return s.withoutCertificate().verify(ctx, roots, a, expectation{keys: []key{k}})
	}
	if s.cert != nil {
		return best(roots, func(m root.TrustedMaterial) outcome { return s.byCertificate(ctx, m, a, x) })
	}
	if len(roots) == 0 {
		roots = []Root{{Material: &root.BaseTrustedMaterial{}}}
	}
	var certain *outcome
	for _, k := range x.keys {
		verifiers, err := payloadVerifiers(k.public)
		if err != nil {
			continue
		}
		for _, v := range verifiers {
			o := best(roots, func(m root.TrustedMaterial) outcome { return s.byKey(ctx, m, k, v, a) })
			if o.status(inspect.StepSignature) == inspect.Verified {
				x.explainKey(o.chain, k)
				return o
			}
			// The log entry names the key, so that an expected key which does not verify has an invalid signature, and
			// is not merely another signer's.
			if certain == nil && s.entry != nil && k.equals(s.entry.PublicKey()) {
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

// withoutCertificate is a signature by an expected key that came with a certificate, as some sign who have an
// authority of their own: the key is enough. A log entry names the certificate, so that cosign needs it to compare
// the two.
func (s *cosignSignature) withoutCertificate() *cosignSignature {
	keyed := *s
	keyed.cert = nil
	if s.rekor == nil && s.stamp == nil {
		keyed.full = s.bare
	}
	return &keyed
}

// byCertificate judges a keyless signature by one trusted root. A root without a CT log or without a transparency log
// cannot demand what it has no key for: those links are absent then.
func (s *cosignSignature) byCertificate(ctx context.Context, m root.TrustedMaterial, a artifact,
	x expectation,
) outcome {
	o := outcome{chain: newChain()}
	verifier, err := s.certificateVerifier(ctx)
	if err != nil {
		o.fail(inspect.StepIntegrity, inspect.ReasonMalformed, "reading the certificate's key: %v", err)
		o.judged = err
		return o
	}
	if own, private := m.(authority); private {
		m = own.with(s.chain)
	}
	s.explainIntegrity(o.chain)
	options := cosign.CheckOpts{
		TrustedMaterial: m, Offline: true, ClaimVerifier: s.claims(),
		IgnoreSCT: len(m.CTLogs()) == 0, IgnoreTlog: len(m.RekorLogs()) == 0 && s.rekor == nil,
	}
	times, stampErr := s.explainTimes(o.chain, m, options)
	chains := explainCertificate(o.chain, m, s.cert, nil)
	explainSCT(o.chain, m, chains)
	s.explainSignature(ctx, o.chain, verifier, a)
	o.conclude(times, s.judge(ctx, options, a, stampErr, m))
	x.explain(o.chain, s.cert)
	return o
}

// byKey judges a signature with a managed key, in one of the ways in which the key may have signed. A log entry is not
// demanded, but one that is there must hold.
func (s *cosignSignature) byKey(ctx context.Context, m root.TrustedMaterial, k key, v signature.Verifier,
	a artifact,
) outcome {
	o := outcome{chain: newChain(), key: k.digest}
	s.explainIntegrity(o.chain)
	o.absent(inspect.StepCertificate, "signed with a managed key, not with a certificate")
	o.absent(inspect.StepSCT, "signed with a managed key, not with a certificate")
	options := cosign.CheckOpts{
		TrustedMaterial: m, Offline: true, ClaimVerifier: s.claims(), SigVerifier: v, IgnoreTlog: s.rekor == nil,
	}
	times, stampErr := s.explainTimes(o.chain, m, options)
	s.explainSignature(ctx, o.chain, v, a)
	o.conclude(times, s.judge(ctx, options, a, stampErr, m))
	if o.sound() {
		o.pass(inspect.StepIdentity, "signed with the key %s, as expected", k.digest)
	}
	return o
}

// conclude keeps the time that counted and the library's verdict.
// Of several times the first counts for the timeline: that of the log before that of a timestamp.
func (o *outcome) conclude(times []observed, judged error) {
	if len(times) > 0 {
		o.time = times[0].time
	}
	o.judged = judged
	o.reconcile()
}

// explainIntegrity passes: bytes that are not their digest have become a row of their own before (examiner.judge).
func (s *cosignSignature) explainIntegrity(c *chain) {
	content := "simple signing payload"
	if s.envelope {
		content = "DSSE envelope with a statement of " + s.claim.predicateType
	}
	c.pass(inspect.StepIntegrity, "%s, whose bytes are their digest", content)
}

// explainTimes compares the log entry with the log's key, signature, key and payload, and the timestamp with its
// authority.
// stampErr is that of a timestamp which is there and does not hold. It fails the verdict only where the root has
// timestamp authorities: one that nothing here could verify proves nothing and spoils nothing.
func (s *cosignSignature) explainTimes(c *chain, m root.TrustedMaterial, options cosign.CheckOpts) (times []observed,
	stampErr error,
) {
	switch {
	case s.rekor == nil && s.cert == nil:
		c.absent(inspect.StepLog, "no log entry came with it, and a managed key needs none")
	case s.rekor == nil && options.IgnoreTlog:
		c.absent(inspect.StepLog, "no log entry came with it, and the trusted root has no transparency log")
	case s.rekor == nil:
		c.fail(inspect.StepLog, inspect.ReasonLogMismatch,
			"no log entry came with it, and the trusted root names %d logs",
			len(m.RekorLogs()))
	default:
		err := protect("verifying the log entry", func() error {
			_, err := cosign.VerifyBundle(s.full, &options)
			return err
		})
		if err != nil {
			c.fail(inspect.StepLog, inspect.ReasonLogMismatch, "entry %d of %s does not hold: %v", s.entry.LogIndex(),
				logName(m.RekorLogs(), s.entry), err)
			break
		}
		log := logName(m.RekorLogs(), s.entry)
		c.pass(inspect.StepLog, "entry %d of %s has this signature and payload, by the log's key",
			s.entry.LogIndex(), log)
		times = append(times, observed{s.entry.IntegratedTime(), "log " + log})
	}
	var errs []string
	if s.stamp != nil {
		t, err := s.timestamp(m)
		if err != nil {
			stampErr = err
			errs = append(errs, err.Error())
		} else {
			times = append(times, t)
		}
	}
	explainTime(c, m, s.cert, times, stampErr != nil && len(m.TimestampingAuthorities()) > 0, errs)
	return times, stampErr
}

// timestamp verifies the timestamp over what cosign stamps: the signature, or the whole envelope.
func (s *cosignSignature) timestamp(m root.TrustedMaterial) (observed, error) {
	over := s.payload
	if !s.envelope {
		raw, err := base64.StdEncoding.DecodeString(s.signature)
		if err != nil {
			return observed{}, fmt.Errorf("reading the signature: %w", err)
		}
		over = raw
	}
	entity := &stamped{content: bundle.NewMessageSignature(nil, "", over), timestamp: s.stamp.SignedRFC3161Timestamp}
	var stamps []*root.Timestamp
	err := protect("verifying the timestamp", func() (err error) {
		var refused []error
		stamps, refused, err = verify.VerifySignedTimestamp(entity, m)
		return errors.Join(append(refused, err)...)
	})
	if err != nil {
		return observed{}, err
	}
	if len(stamps) == 0 {
		return observed{}, errors.New("no authority of the trusted root made the timestamp")
	}
	return observed{stamps[0].Time, "timestamp authority " + stamps[0].URI}, nil
}

// certificateVerifier is the way in which the certificate's key signed; cosign's where none verifies the signature.
// Older clients signed with SHA-256 whatever the curve of the key was, so that the certificate alone does not decide
// it.
func (s *cosignSignature) certificateVerifier(ctx context.Context) (signature.Verifier, error) {
	verifiers, err := payloadVerifiers(s.cert.PublicKey)
	if err != nil {
		return nil, err
	}
	for _, v := range verifiers {
		if s.signedBy(ctx, v) == nil {
			return v, nil
		}
	}
	return verifiers[0], nil
}

// signedBy verifies the signature alone with cosign.
// It checks neither certificate nor subject: those are links of their own.
func (s *cosignSignature) signedBy(ctx context.Context, v signature.Verifier) error {
	return protect("verifying the signature", func() error {
		return s.ask(ctx, s.bare, v1.Hash{}, &cosign.CheckOpts{SigVerifier: v, IgnoreTlog: true, Offline: true})
	})
}

// explainSignature verifies the signature alone with cosign, and compares what was signed with the image.
func (s *cosignSignature) explainSignature(ctx context.Context, c *chain, v signature.Verifier, a artifact) {
	err := s.signedBy(ctx, v)
	signer := "managed key"
	if s.cert != nil {
		signer = "certificate's key"
	}
	if err != nil {
		c.fail(inspect.StepSignature, inspect.ReasonInvalidSignature,
			"the signature is not by the %s over these bytes: %v",
			signer, err)
	} else {
		c.pass(inspect.StepSignature, "the signature is by the %s over these bytes", signer)
	}
	digest, _ := a.matching(s.claim.digests)
	hash, err := v1.NewHash(digest)
	if err == nil {
		err = s.claims()(s.bare, hash, nil)
	}
	if err != nil {
		c.fail(inspect.StepSubject, inspect.ReasonSubjectMismatch, "it names %s, and %s is %s",
			someOf(s.claim.digests), a.what,
			a.main)
		return
	}
	c.pass(inspect.StepSubject, "it names %s, %s", digest, a.names[digest])
}

// judge is the verdict: cosign's on everything but the identity.
// The identity is judged by expectation.explain, since a signature by another signer is a fact to be told and no
// defect.
func (s *cosignSignature) judge(ctx context.Context, options cosign.CheckOpts, a artifact, stampErr error,
	m root.TrustedMaterial,
) error {
	if s.stamp != nil && len(m.TimestampingAuthorities()) > 0 {
		if stampErr != nil {
			return stampErr
		}
		options.UseSignedTimestamps = true
	}
	digest, _ := a.matching(s.claim.digests)
	hash, err := v1.NewHash(digest)
	if err != nil {
		return fmt.Errorf("reading digest %q: %w", digest, err)
	}
	sig := s.full
	if own, timeless := timelessAuthority(m); timeless && s.cert != nil && options.SigVerifier == nil &&
		s.rekor == nil && s.stamp == nil {
		// cosign would ask this machine's clock. Key, claims and certificate are judged each by itself, at the case's
		// clock.
		if err := own.vouches(s.cert); err != nil {
			return err
		}
		if options.SigVerifier, err = s.certificateVerifier(ctx); err != nil {
			return fmt.Errorf("reading the certificate's key: %w", err)
		}
		sig = s.bare
	}
	return protect("verifying the signature", func() error { return s.ask(ctx, sig, hash, &options) })
}

// ask calls cosign, for an attestation or a signature.
func (s *cosignSignature) ask(ctx context.Context, sig oci.Signature, hash v1.Hash, options *cosign.CheckOpts) error {
	if s.envelope {
		_, err := cosign.VerifyBlobAttestation(ctx, sig, hash, options)
		return err
	}
	_, err := cosign.VerifyImageSignature(ctx, sig, hash, options)
	return err
}

// claims is cosign's comparison of what was signed with a digest.
// An attestation names its subject in a statement, a signature in the simple signing payload.
func (s *cosignSignature) claims() func(oci.Signature, v1.Hash, map[string]any) error {
	if s.envelope {
		return cosign.IntotoSubjectClaimVerifier
	}
	return cosign.SimpleClaimVerifier
}
