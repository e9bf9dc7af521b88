package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/backtrail/backtrail/testdata/stack/terminal"
)

// Signer signs with one key pair through cosign's command line, without any transparency log.
type Signer struct {
	Key    string // cosign.key, encrypted
	Public string // cosign.pub, PEM
	cosign *terminal.Program
	dir    string
}

// keyPassword encrypts the test's keys; cosign asks for one.
const keyPassword = "stack"

// NewSigner has cosign make a key pair in dir.
func NewSigner(ctx context.Context, cosign *terminal.Program, dir string) (*Signer, error) {
	s := &Signer{
		Key: filepath.Join(dir, "cosign.key"), Public: filepath.Join(dir, "cosign.pub"), dir: dir,
		cosign: &terminal.Program{Path: cosign.Path, Dir: dir, Env: []string{
			"COSIGN_PASSWORD=" + keyPassword, "COSIGN_YES=true", "HOME=" + dir, "DOCKER_CONFIG=" + dir,
			"HTTPS_PROXY=http://127.0.0.1:9", // nobody is there: cosign asks for Sigstore's trust root even with a key, and must not leave this machine
		}},
	}
	if err := os.WriteFile(s.emptyRoot(), []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`), 0o600); err != nil {
		return nil, fmt.Errorf("writing an empty trust root: %w", err)
	}
	if _, err := s.cosign.Must(ctx, "generate-key-pair"); err != nil {
		return nil, err
	}
	return s, nil
}

// Bundles is the flag of Sign and Attest for Sigstore bundles as referrers in place of cosign's tags.
const Bundles = "--new-bundle-format=true"

// Sign signs an image by digest; more flags may follow, as Bundles or -a KEY=VALUE.
func (s *Signer) Sign(ctx context.Context, reference string, flags ...string) error {
	args := append([]string{"sign", "--key", s.Key, "--tlog-upload=false"}, flags...)
	_, err := s.cosign.Must(ctx, append(args, reference)...)
	return err
}

// Attest signs a predicate about an image; kind is one of cosign's, as slsaprovenance or slsaprovenance1.
func (s *Signer) Attest(ctx context.Context, reference, kind string, predicate any, flags ...string) error {
	body, err := json.Marshal(predicate)
	if err != nil {
		return fmt.Errorf("encoding a predicate: %w", err)
	}
	file := filepath.Join(s.dir, "predicate.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return fmt.Errorf("writing a predicate: %w", err)
	}
	args := append([]string{"attest", "--key", s.Key, "--tlog-upload=false", "--type", kind, "--predicate", file}, flags...)
	_, err = s.cosign.Must(ctx, append(args, reference)...)
	return err
}

// Verify asks cosign itself whether the image is signed with this key; bundle: in a Sigstore bundle, not in cosign's tags.
func (s *Signer) Verify(ctx context.Context, reference string, bundle bool) error {
	args := append([]string{"verify", "--key", s.Public, "--insecure-ignore-tlog=true"}, s.format(bundle)...)
	_, err := s.cosign.Must(ctx, append(args, reference)...)
	return err
}

// VerifyAttestation asks cosign itself whether the image has a statement of that kind signed with this key.
func (s *Signer) VerifyAttestation(ctx context.Context, reference, kind string, bundle bool) error {
	args := append([]string{"verify-attestation", "--key", s.Public, "--insecure-ignore-tlog=true", "--type", kind}, s.format(bundle)...)
	_, err := s.cosign.Must(ctx, append(args, reference)...)
	return err
}

// format gives cosign the format to look for; for bundles it insists on a trust root, although a key needs none.
func (s *Signer) format(bundle bool) []string {
	if !bundle {
		return nil
	}
	return []string{Bundles, "--trusted-root", s.emptyRoot()}
}

func (s *Signer) emptyRoot() string { return filepath.Join(s.dir, "empty-root.json") }
