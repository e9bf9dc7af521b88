package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/backtrail/backtrail/inspect/evidence/bagit"
	common "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	signing "github.com/sigstore/sigstore/pkg/signature/options"
	"google.golang.org/protobuf/encoding/protojson"
)

// Signer signs the tag manifest of a bundle: it gives a Sigstore bundle, as JSON, with an in-toto statement over its
// digest.
type Signer func(ctx context.Context, manifest []byte) ([]byte, error)

// KeySigner signs with a private key in PEM, one that cosign or openssl made. The password is asked for only if the key
// is encrypted. Nothing is sent anywhere: there is no log entry and no timestamp.
// PEM is PKCS #8, PKCS #1, SEC 1, or cosign's own encrypted form (scrypt and NaCl secretbox).
func KeySigner(pem []byte, password func() ([]byte, error)) (Signer, error) {
	private, err := cryptoutils.UnmarshalPEMToPrivateKey(pem, func(bool) ([]byte, error) { return password() })
	if err != nil {
		return nil, fmt.Errorf("reading a private key: %w", err)
	}
	pair, err := newKeypair(private)
	if err != nil {
		return nil, fmt.Errorf("reading a private key: %w", err)
	}
	return StatementSigner(func(ctx context.Context, statement []byte, payloadType string) ([]byte, error) {
		b, err := sign.Bundle(&sign.DSSEData{Data: statement, PayloadType: payloadType}, pair,
			sign.BundleOptions{Context: ctx})
		if err != nil {
			return nil, fmt.Errorf("signing the tag manifest: %w", err)
		}
		out, err := protojson.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("encoding the signature of the tag manifest: %w", err)
		}
		return append(out, '\n'), nil
	}), nil
}

// StatementSigner signs with what signs a payload in a DSSE envelope, as a keyless signer does (seal.Keyless).
func StatementSigner(signs func(ctx context.Context, payload []byte, payloadType string) ([]byte, error)) Signer {
	return func(ctx context.Context, manifest []byte) ([]byte, error) {
		statement, err := statementOver(manifest)
		if err != nil {
			return nil, err
		}
		return signs(ctx, statement, statementType)
	}
}

// Types of what is signed: an in-toto statement (https://in-toto.io/Statement/v1) in a DSSE envelope.
const (
	statementType   = "application/vnd.in-toto+json"
	bagPredicate    = "https://backtrail.dev/bag/v1"
	inTotoStatement = "https://in-toto.io/Statement/v1"
)

// statementOver is the statement that is signed: its subject is the tag manifest, which fixes every file of the bag.
func statementOver(manifest []byte) ([]byte, error) {
	sum := sha256.Sum256(manifest)
	statement, err := json.Marshal(map[string]any{
		"_type": inTotoStatement,
		"subject": []resource{{
			Name:   bagit.TagManifest256,
			Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])},
		}},
		"predicateType": bagPredicate,
		"predicate":     map[string]string{"bagit": "1.0"},
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the statement over the tag manifest: %w", err)
	}
	return statement, nil
}

// keypair is a managed key as sigstore-go signs with it.
type keypair struct {
	signer  signature.Signer
	public  crypto.PublicKey
	digest  [sha256.Size]byte // of the public key's DER
	details signature.AlgorithmDetails
}

// newKeypair takes the algorithm that cosign takes for the key: Ed25519 signs a digest, as transparency logs ask.
// An error is that of a kind of key that sigstore does not sign with.
func newKeypair(private crypto.PrivateKey) (*keypair, error) {
	holder, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T cannot sign", private)
	}
	public := holder.Public()
	details, err := signature.GetDefaultAlgorithmDetails(public, signing.WithED25519ph())
	if err != nil {
		return nil, err
	}
	signer, err := signature.LoadSignerFromAlgorithmDetails(private, details, signing.WithED25519ph())
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	return &keypair{signer, public, sha256.Sum256(der), details}, nil
}

// GetHashAlgorithm is the hash that is signed.
func (k *keypair) GetHashAlgorithm() common.HashAlgorithm { return k.details.GetProtoHashType() }

// GetSigningAlgorithm is the algorithm of the key.
func (k *keypair) GetSigningAlgorithm() common.PublicKeyDetails {
	return k.details.GetSignatureAlgorithm()
}

// GetHint is how cosign names a managed key: the base64 of the digest of its DER.
func (k *keypair) GetHint() []byte { return []byte(base64.StdEncoding.EncodeToString(k.digest[:])) }

// GetKeyAlgorithm names the kind of key.
func (k *keypair) GetKeyAlgorithm() string { return fmt.Sprint(k.details.GetKeyType()) }

// GetPublicKey is the public half.
func (k *keypair) GetPublicKey() crypto.PublicKey { return k.public }

// GetPublicKeyPem is the public half in PEM (RFC 7468).
func (k *keypair) GetPublicKeyPem() (string, error) {
	pem, err := cryptoutils.MarshalPublicKeyToPEM(k.public)
	return string(pem), err
}

// SignData gives the signature and the digest that was signed.
func (k *keypair) SignData(ctx context.Context, data []byte) (sig, digest []byte, err error) {
	h := k.details.GetHashType().New()
	h.Write(data)
	sig, err = k.signer.SignMessage(bytes.NewReader(data), signing.WithContext(ctx))
	return sig, h.Sum(nil), err
}

// hintOf is the digest of the public key with which a bundle claims to be signed. It is a claim.
// It returns sha256:…, or nothing where the bundle names no managed key, as one with a certificate.
func hintOf(bundle []byte) string {
	var b struct {
		VerificationMaterial struct {
			PublicKey struct {
				Hint string `json:"hint"`
			} `json:"publicKey"`
		} `json:"verificationMaterial"`
	}
	if json.Unmarshal(bundle, &b) != nil {
		return ""
	}
	sum, err := base64.StdEncoding.DecodeString(b.VerificationMaterial.PublicKey.Hint)
	if err != nil || len(sum) != sha256.Size {
		return ""
	}
	return "sha256:" + hex.EncodeToString(sum)
}
