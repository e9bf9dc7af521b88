package signature

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/backtrail/backtrail/inspect"
)

// outcome is what became of a signature with one trusted root and one key.
type outcome struct {
	*chain
	judged error     // the library's verdict on all links but the identity
	time   time.Time // the time that counted
	key    string    // digest of the managed key that verifies it
}

// outsideValidity is what sigstore-go says of an entry that holds and whose time does not fit the certificate.
const outsideValidity = "integrated time outside certificate validity"

// observed is a time that a log or a timestamp authority signed.
type observed struct {
	time time.Time
	by   string
}

// byCertificate verifies a bundle that was signed with a certificate.
func (s *sealed) byCertificate(m root.TrustedMaterial, a artifact, x expectation) outcome {
	o := outcome{chain: newChain()}
	material := keyed{TrustedMaterial: m}
	s.explainIntegrity(o.chain)
	times := s.explainLog(o.chain, material)
	times = append(times, s.explainTimestamps(o.chain, material, times)...)
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
func (s *sealed) byKey(m root.TrustedMaterial, k key, v signature.Verifier, a artifact) outcome {
	o := outcome{chain: newChain(), key: k.digest}
	material := keyed{m, v}
	s.explainIntegrity(o.chain)
	o.absent(inspect.StepCertificate, "signed with a managed key, not with a certificate")
	o.absent(inspect.StepSCT, "signed with a managed key, not with a certificate")
	times := s.explainLog(o.chain, material)
	times = append(times, s.explainTimestamps(o.chain, material, times)...)
	s.explainSignature(o.chain, material, a)
	if len(times) > 0 {
		o.time = times[0].time
	}
	o.judged = protect("verifying the bundle", func() error { return s.judge(material, a) })
	o.reconcile()
	if o.sound() {
		o.hold(inspect.StepIdentity, "signed with the key %s, as expected", k.digest)
	}
	return o
}

// reconcile keeps explanation and verdict together. What the library refuses is never explained as holding.
func (o *outcome) reconcile() {
	if o.judged != nil && o.sound() {
		o.fail(inspect.StepSignature, InvalidSignature, "every link holds by itself, and yet: %v", o.judged)
	}
}

func (s *sealed) explainIntegrity(c *chain) {
	if s.claimErr != nil {
		c.fail(inspect.StepIntegrity, Malformed, "%v", s.claimErr)
		return
	}
	content := "DSSE envelope with a statement of " + s.claim.predicateType
	if s.message {
		content = "message signature"
	}
	c.hold(inspect.StepIntegrity, "Sigstore bundle %s with a %s, %d log entries and %d timestamps", s.version, content, len(s.entries), len(s.timestamps))
}

// explainLog compares the log entries with the log's key, the signature, the certificate and the digest.
func (s *sealed) explainLog(c *chain, m keyed) []observed {
	logs := m.RekorLogs()
	if len(s.entries) == 0 {
		if s.cert == nil {
			c.absent(inspect.StepLog, "no log entry came with it, and a managed key needs none")
		} else if len(logs) == 0 {
			c.absent(inspect.StepLog, "the trusted root has no transparency log")
		} else {
			c.fail(inspect.StepLog, LogMismatch, "no log entry came with it, and the trusted root names %d logs", len(logs))
		}
		return nil
	}
	entity, _ := s.asMessage()
	var stamps []root.Timestamp
	err := protect("verifying the log entry", func() (err error) {
		stamps, err = verify.VerifyTlogEntry(entity, m, 1, true)
		return err
	})
	if err != nil && strings.Contains(err.Error(), outsideValidity) {
		c.hold(inspect.StepLog, "%s", s.describeEntry(logs))
		return []observed{{s.entries[0].IntegratedTime(), "log entry " + s.logName(logs)}}
	}
	if err != nil {
		c.fail(inspect.StepLog, LogMismatch, "%s does not hold: %v", s.describeEntry(logs), err)
		return nil
	}
	c.hold(inspect.StepLog, "%s holds this signature, by the log's key", s.describeEntry(logs))
	var times []observed
	for _, t := range stamps {
		times = append(times, observed{t.Time, "log " + t.URI})
	}
	return times
}

// describeEntry names the first log entry.
func (s *sealed) describeEntry(logs map[string]*root.TransparencyLog) string {
	e := s.entries[0].TransparencyLogEntry()
	return fmt.Sprintf("entry %d (%s %s) of %s", e.GetLogIndex(), e.GetKindVersion().GetKind(), e.GetKindVersion().GetVersion(), s.logName(logs))
}

func (s *sealed) logName(logs map[string]*root.TransparencyLog) string {
	if l, ok := logs[hex.EncodeToString([]byte(s.entries[0].LogKeyID()))]; ok && l.BaseURL != "" {
		return l.BaseURL
	}
	return "of an unknown log"
}

// explainTimestamps verifies every timestamp by itself. One that an authority signed counts, whichever else there are:
// a single one outside the certificate's validity spoils it.
func (s *sealed) explainTimestamps(c *chain, m keyed, fromLog []observed) []observed {
	var times []observed
	var errs []string
	for _, t := range s.timestamps {
		var stamps []*root.Timestamp
		var refused []error
		err := protect("verifying a timestamp", func() (err error) {
			stamps, refused, err = verify.VerifySignedTimestamp(&stamped{content: s.content, timestamp: t}, m)
			return err
		})
		if err != nil {
			refused = append(refused, err)
		}
		for _, r := range refused {
			errs = append(errs, r.Error())
		}
		for _, stamp := range stamps {
			times = append(times, observed{stamp.Time, "timestamp authority " + stamp.URI})
		}
	}
	must := len(s.timestamps) > 0 && len(m.TimestampingAuthorities()) > 0
	explainTime(c, s.cert, append(append([]observed{}, fromLog...), times...), must && len(times) == 0, errs)
	return times
}

// explainTime decides the timestamp's link: which times are trusted, and whether the certificate was valid then.
func explainTime(c *chain, cert *x509.Certificate, times []observed, refused bool, errs []string) {
	switch {
	case refused:
		c.fail(inspect.StepTimestamp, NoTimestamp, "no timestamp that came with it is by an authority of the trusted root: %s", strings.Join(errs, "; "))
	case len(times) == 0 && cert == nil:
		c.absent(inspect.StepTimestamp, "no signed time came with it, and a managed key needs none")
	case len(times) == 0 && c.status(inspect.StepLog) == inspect.Failed:
		c.open(inspect.StepTimestamp, "", "not reached: the log entry does not hold, and there is no other time")
	case len(times) == 0:
		c.fail(inspect.StepTimestamp, NoTimestamp, "nothing that is signed says when it was signed, and the certificate was valid only from %s%s", validity(cert), because(errs))
	case cert == nil:
		c.hold(inspect.StepTimestamp, "signed at %s by the %s", stamp(times[0].time), times[0].by)
	default:
		for _, t := range times {
			if !within(cert, t.time) {
				c.fail(inspect.StepTimestamp, NoTimestamp, "signed at %s by the %s, and the certificate was valid from %s", stamp(t.time), t.by, validity(cert))
				return
			}
		}
		c.hold(inspect.StepTimestamp, "signed at %s by the %s, while the certificate was valid (%s)", stamp(times[0].time), times[0].by, validity(cert))
	}
}

func because(errs []string) string {
	if len(errs) == 0 {
		return ""
	}
	return ": " + strings.Join(errs, "; ")
}

// explainCertificate follows the certificate to an authority of the trusted root, at each time of signing. Where no time
// is known, or the certificate was not valid then, it is followed at the start of its validity: the time is another link.
func explainCertificate(c *chain, m root.TrustedMaterial, cert *x509.Certificate, times []observed) [][]*x509.Certificate {
	at := []time.Time{}
	for _, t := range times {
		if within(cert, t.time) {
			at = append(at, t.time)
		}
	}
	if len(at) == 0 {
		at = append(at, cert.NotBefore)
	}
	var chains [][]*x509.Certificate
	for _, t := range at {
		err := protect("verifying the certificate", func() (err error) {
			chains, err = verify.VerifyLeafCertificate(t, cert, m)
			return err
		})
		if err != nil {
			c.fail(inspect.StepCertificate, UntrustedRoot, "the certificate of %s leads to none of the %d authorities of the trusted root at %s",
				cert.Issuer, len(m.FulcioCertificateAuthorities()), stamp(t))
			return nil
		}
	}
	top := chains[0][len(chains[0])-1]
	c.hold(inspect.StepCertificate, "the certificate leads by %d certificates to %s, at %s", len(chains[0])-1, top.Subject, stamp(at[0]))
	return chains
}

// explainSCT compares the certificate with the key of a certificate transparency log.
func explainSCT(c *chain, m root.TrustedMaterial, chains [][]*x509.Certificate) {
	logs := len(m.CTLogs())
	switch {
	case logs == 0:
		c.absent(inspect.StepSCT, "the trusted root has no certificate transparency log")
	case chains == nil:
		c.open(inspect.StepSCT, "", "not reached: the certificate is not by a trusted authority")
	default:
		err := protect("verifying the SCT", func() error { return verify.VerifySignedCertificateTimestamp(chains, 1, m) })
		if err != nil {
			c.fail(inspect.StepSCT, LogMismatch, "the certificate is in none of the %d certificate transparency logs of the trusted root: %v", logs, err)
			return
		}
		c.hold(inspect.StepSCT, "the certificate carries a promise of a certificate transparency log of the trusted root")
	}
}

// explainSignature compares the signature with the key, and what was signed with the artifact.
func (s *sealed) explainSignature(c *chain, m keyed, a artifact) {
	err := protect("verifying the signature", func() error { return s.signatureHolds(m, a) })
	if err != nil {
		c.fail(inspect.StepSignature, InvalidSignature, "the signature is not by the %s over these bytes: %v", s.signer(), err)
	} else {
		c.hold(inspect.StepSignature, "the signature is by the %s over these bytes", s.signer())
	}
	if s.claimErr != nil {
		c.open(inspect.StepSubject, "", "not reached: %v", s.claimErr)
		return
	}
	digest, ok := a.matching(s.claim.digests)
	if ok && s.message {
		c.hold(inspect.StepSubject, "it is over %s, %s", digest, a.names[digest])
		return
	}
	if ok {
		c.hold(inspect.StepSubject, "the statement names %s, %s", digest, a.names[digest])
		return
	}
	if err == nil && a.bytes != nil && !s.message {
		// A statement may name a file by another algorithm than sha256.
		if a.verify(s.content, s.key, m, s.claim.digests) == nil {
			c.hold(inspect.StepSubject, "the statement names %s by another digest than sha256", a.what)
			return
		}
	}
	c.fail(inspect.StepSubject, SubjectMismatch, "it names %s, and %s is %s", someOf(s.claim.digests), a.what, a.main)
}

func (s *sealed) signer() string {
	if s.cert != nil {
		return "certificate's key"
	}
	return "managed key"
}

// signatureHolds asks sigstore-go for the signature alone. A message is verified over its digest; pure Ed25519 needs the
// bytes. Older clients signed with SHA-256 whatever the curve: that the whole of Verify knows.
func (s *sealed) signatureHolds(m keyed, a artifact) error {
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

// judge is the verdict: sigstore-go's Verify on everything but the identity.
func (s *sealed) judge(m keyed, a artifact) error {
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
func (s *sealed) options(m keyed) []verify.VerifierOption {
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
	return append(options, verify.WithObserverTimestamps(1))
}

func someOf(digests []string) string {
	switch len(digests) {
	case 0:
		return "no sha256 digest"
	case 1:
		return digests[0]
	}
	return digests[0] + " and others"
}
