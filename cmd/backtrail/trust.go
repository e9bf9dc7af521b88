package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/signature"
)

// gitHubOfImage is the value of --github without a repository: the image's annotations and provenance name the
// repository.
const gitHubOfImage = "of-the-image"

// gitHub is GitHub's store of attestations, or nil without the flag: a query discloses to GitHub which digest is being
// looked at. GITHUB_API_URL names another server, as in GitHub's own workflows.
func gitHub(s *session) (*signature.Attestations, error) {
	f := s.flags
	if len(f.github) == 0 {
		return nil, nil
	}
	if f.offline {
		return nil, usage("--github queries GitHub, which --offline forbids: leave out one of them")
	}
	o := signature.AttestationOptions{
		Base: os.Getenv("GITHUB_API_URL"), Token: os.Getenv("GH_TOKEN"), UserAgent: "backtrail/" + version,
		Log: s.gitHubRequest,
	}
	// Without a repository named, that of the image is queried; both may be given.
	for _, name := range f.github {
		if name != gitHubOfImage {
			o.Repositories = append(o.Repositories, name)
		}
	}
	a, err := signature.NewAttestations(o)
	if err != nil {
		return nil, usage("%w", err)
	}
	return a, nil
}

// gitHubRequest puts a request to GitHub into the open case. The token is in a header, and not in what is recorded.
func (s *session) gitHubRequest(method, url string, status int, bytes int64) {
	if emit := s.emit.Load(); emit != nil {
		(*emit)(inspect.Event{Fact: inspect.Request{Method: method, URL: url, Status: status, Bytes: bytes}})
	}
}

// notary reads the trust store and trust policy of the Notary Project, from where the flags name them or where notation
// keeps them.
//
// A trust policy that cannot be read is an error of the run: without one no signer is trusted, and a case
// would show failures that only the missing file has caused.
func (f *flags) notary() (*signature.Notary, error) {
	o := signature.NotaryOptions{Store: f.notationStore, Policy: f.notationPolicy}
	if dir, err := os.UserConfigDir(); err == nil {
		o.Config = filepath.Join(dir, "notation")
	}
	n, err := signature.NewNotary(o)
	if err != nil {
		return nil, hinted(err,
			"--notation-trust-store DIR is notation's truststore, --notation-policy FILE its trustpolicy.json")
	}
	return n, nil
}

// passwordVariable has the password of an encrypted private key, as for cosign. There is no flag for it: command lines
// are visible to every process of a machine, and are recorded in cases.
const passwordVariable = "COSIGN_PASSWORD"

// signer signs bundles with the key of --sign-key; nil where none was named. The key is read and decrypted before a
// case begins: an export at its end must not fail for a wrong password. Errors are usage errors.
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
			// no prompt: an export runs in scripts, and in the terminal UI, which has the terminal
			return nil, fmt.Errorf("it is encrypted, and %s is not set", passwordVariable)
		}
		return []byte(password), nil
	})
	if err != nil {
		return nil, usage("--sign-key %s: %w", f.signKey, err)
	}
	return sign, nil
}

// signerKey takes a key for one that may have signed a bundle. The trust is empty: with a managed key there is no
// certificate, and a log entry counts by nothing that the bundle itself carries.
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

// signerIdentity checks that an identity signed the tag manifest of a bundle, by the trust that the caller has chosen.
// It returns the identity of the certificate, which a regular expression may have matched, also together with an
// error.
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
