package signature

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	nsignature "github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/backtrail/backtrail/inspect"
)

// kind is how a row names the form of a signature.
func (it item) kind() string {
	switch it.form {
	case mediaBundle:
		return KindBundle
	case mediaNotation:
		return KindNotation
	}
	return KindCosign
}

// notationSignature is a signature by the Notary Project's rules that could be read
// (https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md).
// refused is kept beside the content, since a signature that does not hold still names whom it claims.
type notationSignature struct {
	raw       []byte
	mediaType string // of the envelope: JWS or COSE
	content   *nsignature.EnvelopeContent
	refused   error              // what the library says of the signature itself
	target    ocispec.Descriptor // what was signed
}

// notaryPayload is the media type of what is signed.
const notaryPayload = "application/vnd.cncf.notary.payload.v1+json"

// readNotarized reads an envelope. Errors: what is malformed.
func readNotarized(data []byte, mediaType string) (n *notationSignature, err error) {
	n = &notationSignature{raw: data, mediaType: mediaType}
	err = protect("reading the envelope", func() error { return n.parse() })
	if err != nil {
		return nil, fmt.Errorf("reading the Notary Project signature: %w", err)
	}
	return n, nil
}

// parse reads JWS (RFC 7515) or COSE_Sign1 (RFC 9052), by the media type that the manifest names.
func (n *notationSignature) parse() error {
	if n.mediaType != jws.MediaTypeEnvelope && n.mediaType != cose.MediaTypeEnvelope {
		return fmt.Errorf("its media type %q is neither %s nor %s", n.mediaType, jws.MediaTypeEnvelope,
			cose.MediaTypeEnvelope)
	}
	e, err := nsignature.ParseEnvelope(n.mediaType, n.raw)
	if err != nil {
		return err
	}
	if n.content, err = e.Content(); err != nil {
		return err
	}
	if len(n.content.SignerInfo.CertificateChain) == 0 {
		return errors.New("it has no certificate")
	}
	if n.content.Payload.ContentType != notaryPayload {
		return fmt.Errorf("its payload is of the type %q", n.content.Payload.ContentType)
	}
	var payload struct {
		Target ocispec.Descriptor `json:"targetArtifact"`
	}
	if err := json.Unmarshal(n.content.Payload.Content, &payload); err != nil {
		return err
	}
	n.target = payload.Target
	_, n.refused = e.Verify()
	return nil
}

// leaf is the signer's certificate; parse has checked that there is one.
func (n *notationSignature) leaf() *x509.Certificate { return n.content.SignerInfo.CertificateChain[0] }

// form is the name of the envelope's format.
func (n *notationSignature) form() string {
	if n.mediaType == cose.MediaTypeEnvelope {
		return "COSE"
	}
	return "JWS"
}

// row makes the row of a signature by the Notary Project's rules: its claims, whether it is valid or not.
// The identity is the subject of the leaf certificate, a distinguished name, which trust policies compare part by
// part.
func (n *notationSignature) row() inspect.Signature {
	row := inspect.Signature{
		Kind: KindNotation, Digest: digestOf(n.raw), Subject: n.target.Digest.String(),
		Certificate: describe(n.leaf()),
	}
	row.ID = rowID(row.Subject, n.raw)
	row.Identity, row.Issuer = n.leaf().Subject.String(), n.leaf().Issuer.String()
	if len(row.Certificate.Subject) == 0 {
		row.Certificate.Subject = []string{row.Identity}
	}
	if t := n.content.SignerInfo.SignedAttributes.SigningTime; !t.IsZero() {
		row.Notes = append(row.Notes, fmt.Sprintf("signed at %s, according to the signer", stamp(t)))
	}
	return row
}

// parts are the payload, the envelope and the certificates, for looking and saving.
func (n *notationSignature) parts() []part {
	var chain strings.Builder
	for _, c := range n.content.SignerInfo.CertificateChain {
		chain.WriteString(pemOf(c))
	}
	return []part{{"payload", n.content.Payload.Content}, {"signature", n.raw}, {"certificate", []byte(chain.String())}}
}

// judgeNotation reads and verifies a signature by the Notary Project's rules.
// Revocation is not checked, and the row notes it where a certificate names a responder.
func (e *examiner) judgeNotation(ctx context.Context, it item, data []byte) {
	n, err := readNotarized(data, string(it.desc.MediaType))
	if err != nil {
		row := malformedRow(KindNotation, data, e.image.main, err)
		row.Raw = e.raw(part{"signature", data})
		e.add(it, row)
		return
	}
	a := e.widen(ctx, []string{n.target.Digest.String()})
	row := n.row()
	o := n.verify(ctx, notaryCase{
		notary: e.Notary, scope: e.scope, now: e.clock(), image: a, expect: e.expect, target: e.descriptor(ctx,
			n.target.Digest.String()),
	})
	o.fill(&row)
	row.Raw = e.raw(n.parts()...)
	if n.revocable() {
		row.Notes = append(row.Notes,
			"revocation of its certificates was not checked: the request would show its authority what is examined")
	}
	e.note(&row, o, claim{})
	e.add(it, row)
}

// descriptor is what a digest of the image is: a signature names media type and size too.
// It is empty for a digest that is not the image's, and for a manifest that cannot be read.
func (e *examiner) descriptor(ctx context.Context, name string) ocispec.Descriptor {
	if _, ours := e.image.names[name]; !ours {
		return ocispec.Descriptor{}
	}
	part, err := e.Client.Manifest(ctx, e.shelf.loc, name)
	if err != nil || !part.Holds() {
		return ocispec.Descriptor{}
	}
	d := part.Descriptor()
	return ocispec.Descriptor{
		MediaType: string(d.MediaType), Digest: digest.Digest(d.Digest.String()),
		Size: int64(len(part.Bytes)),
	}
}

// clock is that of the options, else the machine's.
func (e *examiner) clock() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

// revocable reports whether a certificate names an authority that could be asked.
func (n *notationSignature) revocable() bool {
	for _, c := range n.content.SignerInfo.CertificateChain {
		if len(c.OCSPServer)+len(c.CRLDistributionPoints) > 0 {
			return true
		}
	}
	return false
}
