package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/signature"
)

// passwordVariable holds the password of an encrypted private key, as for cosign.
const passwordVariable = "COSIGN_PASSWORD"

// signer signs bundles with the key of --sign-key; nil where none was named.
func (f *flags) signer() (evidence.Signer, error) {
	if f.signKey == "" {
		return nil, nil
	}
	pem, err := readBounded(f.signKey, maxKeyFile)
	if err != nil {
		return nil, usage("reading the private key to sign with: %w", err)
	}
	sign, err := evidence.KeySigner(pem, func() ([]byte, error) {
		password, ok := os.LookupEnv(passwordVariable)
		if !ok {
			return nil, fmt.Errorf("it is encrypted, and %s is not set", passwordVariable)
		}
		return []byte(password), nil
	})
	if err != nil {
		return nil, usage("--sign-key %s: %w", f.signKey, err)
	}
	return sign, nil
}

// signerKey takes a key for one that may have signed a bundle.
func signerKey(k inspect.ExpectedKey) evidence.SignerKey {
	return evidence.SignerKey{Digest: k.Digest, Verify: func(ctx context.Context, manifest, bundle []byte) error {
		sig, err := signature.VerifyBlob(ctx, signature.BlobRequest{
			Artifact: bytes.NewReader(manifest), Bundle: bundle,
			Expected: inspect.Expected{Keys: []inspect.ExpectedKey{k}}, Trust: signature.FixedTrust(),
		})
		if err == nil && sig.Status != inspect.Verified {
			err = errors.New(signature.Why(sig))
		}
		return err
	}}
}

// signerIdentity checks that an identity signed the tag manifest of a bundle.
func signerIdentity(expected inspect.Expected, trust *signature.Trust) func(ctx context.Context, manifest,
	bundle []byte) (string, error) {
	return func(ctx context.Context, manifest, bundle []byte) (string, error) {
		sig, err := signature.VerifyBlob(ctx, signature.BlobRequest{
			Artifact: bytes.NewReader(manifest), Bundle: bundle, Expected: expected, Trust: trust,
		})
		if err == nil && sig.Status != inspect.Verified {
			err = errors.New(signature.Why(sig))
		}
		return sig.Identity, err
	}
}
