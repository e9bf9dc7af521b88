package policy

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/backtrail/backtrail/inspect"
)

// The digest is over the DER of the SubjectPublicKeyInfo, so that the same key in PEM with
// other line breaks is the same key.
// keyOf reads a public key in PEM.
func keyOf(pem string) (inspect.ExpectedKey, error) {
	public, err := cryptoutils.UnmarshalPEMToPublicKey([]byte(pem))
	if err != nil {
		return inspect.ExpectedKey{}, fmt.Errorf("reading a public key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return inspect.ExpectedKey{}, fmt.Errorf("reading a public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return inspect.ExpectedKey{Digest: "sha256:" + hex.EncodeToString(sum[:]), PEM: pem}, nil
}
