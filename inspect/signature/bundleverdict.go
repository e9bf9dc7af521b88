package signature

import (
	"bytes"

	"github.com/sigstore/sigstore-go/pkg/verify"
)

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
	if _, timeless := timelessAuthority(m); timeless && len(s.entries)+len(s.timestamps) == 0 {
		return append(options, verify.WithCurrentTime()) // which the authority takes for the case's clock
	}
	return append(options, verify.WithObserverTimestamps(1))
}
