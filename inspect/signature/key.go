package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/backtrail/backtrail/inspect"
)

// key is a public key that may have signed.
// The digest is over the DER of the public key (SubjectPublicKeyInfo), as cosign and Rekor name keys.
type key struct {
	public crypto.PublicKey
	digest string // sha256:<hex> of its DER
	hint   string // how bundles name it: base64 of the sha256 of its DER
}

// ParseKey reads a public key in PEM. Errors: no PEM, a private key, a key of a kind that does not sign.
// A private key is refused, so that none becomes part of a case by mistake.
func ParseKey(pem []byte) (inspect.ExpectedKey, error) {
	k, err := readKey(pem)
	if err != nil {
		return inspect.ExpectedKey{}, err
	}
	return inspect.ExpectedKey{Digest: k.digest, PEM: string(pem)}, nil
}

// readKey reads a public key in PEM (RFC 7468), or the one in a certificate.
func readKey(pem []byte) (key, error) {
	public, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return key{}, fmt.Errorf("reading a public key: %w", err)
	}
	return newKey(public)
}

// newKey names a public key by the digest of its DER. An error is that of a kind which Sigstore does not know.
func newKey(public crypto.PublicKey) (key, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return key{}, fmt.Errorf("reading a public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return key{public, "sha256:" + hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:])}, nil
}

// readKeys reads the keys that a person expects, within a bound.
func readKeys(expected []inspect.ExpectedKey) ([]key, error) {
	if len(expected) > maxKeys {
		return nil, fmt.Errorf("reading the expected keys: they are %d, more than %d", len(expected), maxKeys)
	}
	var keys []key
	for _, e := range expected {
		k, err := readKey([]byte(e.PEM))
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// verifiers are the ways in which a managed key may have signed for a bundle: by the key's default algorithm, and as
// older clients did, who used SHA-256 with any curve and pure Ed25519.
//
// Trying several is safe: each is the same key, and a signature by any of them is one by it.
func (k key) verifiers(envelope bool) []signature.Verifier {
	var all []signature.Verifier
	add := func(v signature.Verifier, err error) {
		if err == nil {
			all = append(all, v)
		}
	}
	switch public := k.public.(type) {
	case ed25519.PublicKey:
		if !envelope {
			add(signature.LoadDefaultVerifier(public, options.WithED25519ph()))
		}
		add(signature.LoadDefaultVerifier(public))
	case *ecdsa.PublicKey:
		add(signature.LoadDefaultVerifier(public))
		if public.Curve != elliptic.P256() {
			add(signature.LoadVerifier(public, crypto.SHA256))
		}
	default:
		for _, h := range hashesOf(public) {
			add(signature.LoadVerifier(public, h))
		}
	}
	return all
}

// hashesOf lists the hashes that a key may have signed a payload with: cosign's, whatever the key, and those of key
// services, which sign with the hash of the curve, and with RSA as the key was made for.
// Ed25519 signs the bytes themselves or, as Ed25519ph, their SHA-512 (RFC 8032, 5.1).
func hashesOf(public crypto.PublicKey) []crypto.Hash {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P384():
			return []crypto.Hash{hashOfCosign, crypto.SHA384}
		case elliptic.P521():
			return []crypto.Hash{hashOfCosign, crypto.SHA512}
		}
	case *rsa.PublicKey:
		return []crypto.Hash{hashOfCosign, crypto.SHA384, crypto.SHA512}
	}
	return []crypto.Hash{hashOfCosign}
}

// payloadVerifiers are the ways in which a key may have signed the payload of an annotation.
// Cosign's default comes first.
func payloadVerifiers(public crypto.PublicKey) ([]signature.Verifier, error) {
	var all []signature.Verifier
	for _, h := range hashesOf(public) {
		v, err := signature.LoadVerifier(public, h)
		if err != nil {
			return nil, fmt.Errorf("reading a public key: %w", err)
		}
		all = append(all, v)
	}
	return all, nil
}

// equals reports whether this is the key of a certificate or of a log entry.
// It returns false for another kind of key, and for nil.
func (k key) equals(other crypto.PublicKey) bool {
	e, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && other != nil && e.Equal(other)
}

// keyed is a trusted root that answers every hint with one key: the bundle's hint is only a claim.
type keyed struct {
	root.TrustedMaterial
	verifier signature.Verifier
}

// PublicKeyVerifier gives the one key, valid at any time: a managed key has no span of validity.
func (k keyed) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) {
	if k.verifier == nil {
		return nil, errors.New("there is no key at hand")
	}
	return root.NewExpiringKey(k.verifier, time.Time{}, time.Time{}), nil
}

// hashOfCosign is the hash that cosign signs annotations with, unless it is given another.
// It is SHA-256 whatever the curve or length of the key is.
const hashOfCosign = crypto.SHA256
