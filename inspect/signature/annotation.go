package signature

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	cbundle "github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/backtrail/backtrail/inspect"
)

// cosignSignature is a signature as cosign keeps it on a tag: the payload is a layer, all else stands in annotations
// (https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md).
//
// Everything in the annotations was written by whoever could push the tag. The payload is addressed by its digest in
// the manifest, and the rest proves itself or nothing.
type cosignSignature struct {
	payload   []byte
	envelope  bool // the payload is a DSSE envelope, which carries its signature itself
	signature string
	cert      *x509.Certificate // nil with a managed key
	certPEM   string
	chain     []*x509.Certificate // that came with it, between the signer and a root
	rekor     *cbundle.RekorBundle
	rekorJSON string
	entry     *tlog.Entry // of rekor
	stamp     *cbundle.RFC3161Timestamp
	claim     claim
	full      oci.Signature // with all annotations, for the verdict
	bare      oci.Signature // without certificate, log entry and timestamp, for the signature alone
}

// readAnnotated reads a payload and its annotations. Errors: what is malformed.
//
// The result is not nil where there is an error, so that what could be read can be kept and shown.
func readAnnotated(payload []byte, annotations map[string]string, envelope bool) (s *cosignSignature, err error) {
	s = &cosignSignature{payload: payload, envelope: envelope}
	err = protect("reading the annotations", func() error { return s.parse(annotations) })
	return s, err
}

// parse reads the annotations dev.sigstore.cosign/certificate, /chain, /bundle and /rfc3161timestamp, and
// dev.cosignproject.cosign/signature. All but the signature may be absent.
func (s *cosignSignature) parse(annotations map[string]string) error {
	for name, value := range annotations {
		if len(value) > maxAnnotation {
			return fmt.Errorf("reading annotation %s: it is larger than %d bytes", name, maxAnnotation)
		}
	}
	if err := s.parseCertificate(annotations[static.CertificateAnnotationKey]); err != nil {
		return err
	}
	if err := s.parseEntry(annotations[static.BundleAnnotationKey]); err != nil {
		return err
	}
	if err := s.parseTimestamp(annotations[static.RFC3161TimestampAnnotationKey]); err != nil {
		return err
	}
	var err error
	if s.envelope {
		_, s.claim, err = readEnvelope(s.payload)
	} else {
		s.claim, err = readSimple(s.payload)
		if s.signature = annotations[static.SignatureAnnotationKey]; err == nil && s.signature == "" {
			err = fmt.Errorf("reading the signature: there is no annotation %s", static.SignatureAnnotationKey)
		}
	}
	if err != nil {
		return err
	}
	if _, err := base64.StdEncoding.DecodeString(s.signature); err != nil {
		return fmt.Errorf("reading the signature: %w", err)
	}
	if text := annotations[static.ChainAnnotationKey]; text != "" {
		// What cannot be read of it vouches for nothing, and harms nothing.
		s.chain, _ = cryptoutils.LoadCertificatesFromPEM(strings.NewReader(text))
	}
	return s.build(annotations[static.ChainAnnotationKey])
}

// parseCertificate takes the first certificate: cosign writes the signer's, and the chain into an annotation of its
// own.
func (s *cosignSignature) parseCertificate(text string) error {
	if text == "" {
		return nil
	}
	certs, err := cryptoutils.LoadCertificatesFromPEM(strings.NewReader(text))
	if err != nil {
		return fmt.Errorf("reading the certificate: %w", err)
	}
	if len(certs) == 0 {
		return errors.New("reading the certificate: there is none in the annotation")
	}
	s.cert, s.certPEM = certs[0], text
	forgiveOtherName(s.cert)
	return nil
}

// parseEntry reads a log entry of Rekor v1 with its signed entry timestamp (SET). The SET is a promise of the log,
// verified with its key offline; nothing is asked of the log.
func (s *cosignSignature) parseEntry(text string) error {
	if text == "" {
		return nil
	}
	var b cbundle.RekorBundle
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return fmt.Errorf("reading the log entry: %w", err)
	}
	encoded, ok := b.Payload.Body.(string)
	if !ok {
		return errors.New("reading the log entry: its body is no text")
	}
	body, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("reading the log entry: %w", err)
	}
	logID, err := hex.DecodeString(b.Payload.LogID)
	if err != nil {
		return fmt.Errorf("reading the log entry: %w", err)
	}
	//nolint:staticcheck // an annotation holds no inclusion proof, which is what the newer function wants
	if s.entry, err = tlog.NewEntry(body, b.Payload.IntegratedTime, b.Payload.LogIndex, logID,
		b.SignedEntryTimestamp, nil); err != nil {
		return fmt.Errorf("reading the log entry: %w", err)
	}
	s.rekor, s.rekorJSON = &b, text
	return nil
}

// parseTimestamp reads an RFC 3161 timestamp, in JSON as cosign writes it. It is verified later, against a trusted
// root.
func (s *cosignSignature) parseTimestamp(text string) error {
	if text == "" {
		return nil
	}
	var t cbundle.RFC3161Timestamp
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return fmt.Errorf("reading the timestamp: %w", err)
	}
	s.stamp = &t
	return nil
}

// build makes the forms in which cosign takes a signature.
// The bare form lets the signature be judged apart from all that came with it, so that each link is explained by
// itself.
func (s *cosignSignature) build(chainPEM string) error {
	options := []static.Option{static.WithBundle(s.rekor), static.WithRFC3161Timestamp(s.stamp)}
	if s.cert != nil {
		options = append(options, static.WithCertChain([]byte(s.certPEM), []byte(chainPEM)))
	}
	var err error
	if s.full, err = static.NewSignature(s.payload, s.signature, options...); err != nil {
		return fmt.Errorf("reading the signature: %w", err)
	}
	if s.bare, err = static.NewSignature(s.payload, s.signature); err != nil {
		return fmt.Errorf("reading the signature: %w", err)
	}
	return nil
}

// row makes the row of a signature: its claims, whether it is valid or not.
// The ID covers all parts, so that the same signature in two stores is one row, and one with another log entry is
// another.
func (s *cosignSignature) row(a artifact, digest string) inspect.Signature {
	row := inspect.Signature{Kind: KindCosign, Digest: digest, PredicateType: s.claim.predicateType}
	row.Subject, _ = a.matching(s.claim.digests)
	if _, ok := a.matching(s.claim.digests); !ok && len(s.claim.digests) > 0 {
		row.Subject = s.claim.digests[0]
	}
	var stampBytes []byte
	if s.stamp != nil {
		stampBytes = s.stamp.SignedRFC3161Timestamp
	}
	row.ID = rowID(row.Subject, s.payload, []byte(s.signature), bytes.TrimSpace([]byte(s.certPEM)),
		[]byte(s.rekorJSON), stampBytes)
	if s.cert != nil {
		row.Certificate = describe(s.cert)
		row.Identity, row.Issuer = identityOf(s.cert)
	}
	if s.entry != nil {
		row.LogIndex = s.entry.LogIndex()
		row.IntegratedTime = inspect.At(s.entry.IntegratedTime())
	}
	return row
}
