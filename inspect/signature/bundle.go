package signature

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// sigstoreBundle is a Sigstore bundle (https://github.com/sigstore/protobuf-specs, v0.1 to v0.3) that could be read.
//
// It holds either a message signature or a DSSE envelope, with a certificate or the hint of a key, log entries and
// timestamps (sigstore_bundle.proto).
type sigstoreBundle struct {
	raw        []byte
	version    string
	bundle     *bundle.Bundle
	key        verify.VerificationContent // certificate or hint of a key
	cert       *x509.Certificate          // nil with a managed key
	hint       string
	content    verify.SignatureContent
	entries    []*tlog.Entry
	timestamps [][]byte
	claim      claim
	claimErr   error // what is wrong with the claim although the bundle can be read
	message    bool  // a signature over an artifact, not an envelope
}

// readBundle reads a Sigstore bundle. Errors: what is malformed.
// It is nil where there is an error.
func readBundle(data []byte) (s *sigstoreBundle, err error) {
	if len(data) > maxBundle {
		return nil, fmt.Errorf("reading the bundle: it is larger than %d bytes", maxBundle)
	}
	err = protect("reading the bundle", func() error {
		s, err = parseBundle(data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the bundle: %w", err)
	}
	return s, nil
}

// parseBundle reads what sigstore-go accepts, and what it claims. Versions above v0.3 are refused by the library.
func parseBundle(data []byte) (*sigstoreBundle, error) {
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	s := &sigstoreBundle{raw: data, bundle: b}
	var err error
	if s.version, err = b.Version(); err != nil {
		return nil, err
	}
	if s.key, err = b.VerificationContent(); err != nil {
		return nil, err
	}
	if s.cert = s.key.Certificate(); s.cert != nil {
		forgiveOtherName(s.cert)
	} else {
		s.hint = s.key.PublicKey().Hint()
	}
	if s.content, err = b.SignatureContent(); err != nil {
		return nil, err
	}
	if len(s.content.Signature()) == 0 {
		return nil, errors.New("it has no signature")
	}
	if s.entries, err = b.TlogEntries(); err != nil {
		return nil, err
	}
	if s.timestamps, err = b.Timestamps(); err != nil {
		return nil, err
	}
	return s, s.readClaim()
}

// readClaim reads what the signed bytes are about: subjects of a statement, or the digest of a message.
func (s *sigstoreBundle) readClaim() error {
	if m := s.content.MessageSignatureContent(); m != nil {
		s.message = true
		if len(m.Digest()) == sha256.Size {
			s.claim.digests = []string{"sha256:" + hex.EncodeToString(m.Digest())}
		}
		return nil
	}
	e := s.content.EnvelopeContent().RawEnvelope()
	body, err := e.DecodeB64Payload()
	if err != nil {
		return fmt.Errorf("reading the payload of the DSSE envelope: %w", err)
	}
	s.claim, s.claimErr = readStatement(e.PayloadType, body)
	return nil
}

// forgiveOtherName takes the subject's name off the list of extensions that Go does not parse: Fulcio writes some names
// in a form (OtherName) that Go cannot parse, and marks it critical as the standard requires. sigstore-go does the
// same.
func forgiveOtherName(cert *x509.Certificate) {
	var left []asn1.ObjectIdentifier
	for _, oid := range cert.UnhandledCriticalExtensions {
		if !oid.Equal(cryptoutils.SANOID) {
			left = append(left, oid)
		}
	}
	cert.UnhandledCriticalExtensions = left
}

// asMessage shows the envelope to sigstore-go as a message, where its entry in a first-generation log is a
// hashedrekord. An envelope's signature is one over its pre-authentication encoding, and that is what such an entry
// holds; the client specification allows it ("Bundle content vs. Rekor entry kind"), sigstore-go 1.3.0 supports it for
// Rekor v2 only.
// PAE is the pre-authentication encoding of DSSE (protocol.md), which is what an envelope's signature is over.
func (s *sigstoreBundle) asMessage() (entity verify.SignedEntity, pae []byte) {
	if s.message || len(s.entries) == 0 {
		return s.bundle, nil
	}
	for _, e := range s.entries {
		if _, _, ok := e.GetHashedRekordDigest(); !ok || e.IsRekorV2() {
			return s.bundle, nil
		}
	}
	e := s.content.EnvelopeContent().RawEnvelope()
	if len(e.Signatures) != 1 {
		return s.bundle, nil
	}
	pae = dsse.PAE(e.PayloadType, s.claim.payload)
	sum, _ := rawDigest(digestOf(pae))
	return enveloped{s.bundle, bundle.NewMessageSignature(sum, "SHA2_256", s.content.Signature())}, pae
}

// enveloped is a bundle whose content is shown as a message.
type enveloped struct {
	*bundle.Bundle
	content *bundle.MessageSignature
}

// SignatureContent gives the message in place of the envelope.
func (e enveloped) SignatureContent() (verify.SignatureContent, error) { return e.content, nil }

// stamped is a bundle with one of its timestamps: sigstore-go passes over those that repeat an authority.
type stamped struct {
	verify.BaseSignedEntity
	content   verify.SignatureContent
	timestamp []byte
}

// SignatureContent gives what was stamped.
func (s *stamped) SignatureContent() (verify.SignatureContent, error) { return s.content, nil }

// Timestamps gives the one timestamp.
func (s *stamped) Timestamps() ([][]byte, error) { return [][]byte{s.timestamp}, nil }

// protect turns a panic of a library over foreign bytes into an error.
// The libraries parse ASN.1, CBOR and JSON of strangers; one that panics must cost one signature and no case.
func protect(doing string, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: the library broke over it: %v", doing, r)
		}
	}()
	return do()
}
