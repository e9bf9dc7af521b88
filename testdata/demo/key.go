package shop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// newKey parses the private key of somebody in the story out of a sentence that everybody can read. These keys protect
// nothing, on purpose: two runs must give the same signatures, and nobody shall take one of them for a secret.
func newKey(owner string) (*ecdsa.PrivateKey, error) {
	scalar := sha256.Sum256([]byte("backtrail demo: a public key pair that protects nothing, of " + owner))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		return nil, fmt.Errorf("parsing the key of %s: %w", owner, err)
	}
	return k, nil
}

// sign signs the SHA-256 of a message. Without a source of randomness Go signs as RFC 6979 specifies: the same message gives
// the same signature.
func sign(key *ecdsa.PrivateKey, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return key.Sign(nil, sum[:], crypto.SHA256)
}

// publicDER is the public key in PKIX form.
func publicDER(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("writing a public key: %w", err)
	}
	return der, nil
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
