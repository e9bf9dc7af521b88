package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	signing "github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// signerOf gives a Signer by a private key, and the public key as a person would give it.
func signerOf(t *testing.T, private crypto.Signer) (Signer, SignerKey) {
	t.Helper()
	pem, err := cryptoutils.MarshalPrivateKeyToPEM(private)
	must(t, err)
	s, err := KeySigner(pem, func() ([]byte, error) { return nil, errors.New("not encrypted") })
	must(t, err)
	pair, err := newKeypair(private)
	must(t, err)
	return s, SignerKey{Digest: hintOf([]byte(`{"verificationMaterial":{"publicKey":{"hint":"` + string(pair.GetHint()) + `"}}}`)), Verify: verifierOf(private.Public())}
}

// verifierOf checks with sigstore-go, as any other client would.
func verifierOf(public crypto.PublicKey) func(context.Context, []byte, []byte) error {
	return func(_ context.Context, manifest, data []byte) error {
		key, err := signature.LoadDefaultVerifier(public, signing.WithED25519ph())
		if err != nil {
			return err
		}
		trusted := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
			return root.NewExpiringKey(key, time.Time{}, time.Time{}), nil
		})
		v, err := sigstore.NewVerifier(trusted, sigstore.WithNoObserverTimestamps())
		if err != nil {
			return err
		}
		var b bundle.Bundle
		if err := b.UnmarshalJSON(data); err != nil {
			return err
		}
		_, err = v.Verify(&b, sigstore.NewPolicy(sigstore.WithArtifact(bytes.NewReader(manifest)), sigstore.WithKey()))
		return err
	}
}

func ecdsaKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(t, err)
	return k
}

func TestSignedBundleIsAuthentic(t *testing.T) {
	in := newIncident(t)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	for name, private := range map[string]crypto.Signer{
		"p256": ecdsaKey(t, elliptic.P256()), "p384": ecdsaKey(t, elliptic.P384()), "ed25519.tar.gz": edKey, "rsa": rsaKey,
	} {
		sign, public := signerOf(t, private)
		o := options
		o.Sign = sign
		r := in.export(t, name, o)
		mine := trusting()
		mine.Signers = []SignerKey{otherKey(t), public}
		if v := verify(t, r.Path, mine); v.Status != inspect.Verified || v.Authentic != inspect.Verified {
			t.Errorf("%s: %s, authentic %s: %v", name, v.Status, v.Authentic, failures(v))
		}
	}
}

func otherKey(t *testing.T) SignerKey {
	t.Helper()
	_, k := signerOf(t, ecdsaKey(t, elliptic.P256()))
	return k
}

func TestWhoSignedIsNeverGuessed(t *testing.T) {
	in := newIncident(t)
	sign, public := signerOf(t, ecdsaKey(t, elliptic.P256()))
	o := options
	o.Sign = sign
	signed := in.export(t, "signed", o).Path
	unsigned := in.export(t, "unsigned", options).Path
	stranger, _ := signerOf(t, ecdsaKey(t, elliptic.P256()))
	for _, tt := range []struct {
		name   string
		from   string
		change func(dir string) error
		keys   []SignerKey
		want   inspect.Status
		word   string
	}{
		{"nobody gave a key", signed, nil, nil, inspect.Unknown, "--signer-key FILE"},
		{"another key", signed, nil, []SignerKey{otherKey(t)}, inspect.Failed, "none of those"},
		{"the signature was taken away", signed, func(d string) error { return os.Remove(filepath.Join(d, bagit.SignatureFile)) }, []SignerKey{public}, inspect.Failed, "there is no signature"},
		{"a stranger signed it again", signed, resign(stranger, bagit.TagManifest256), []SignerKey{public}, inspect.Failed, "none of those"},
		{"signed over something else", signed, resign(sign, bagit.TagManifest512), []SignerKey{public}, inspect.Failed, "not its signature"},
		{"no bundle at all", signed, func(d string) error { return os.WriteFile(filepath.Join(d, bagit.SignatureFile), []byte("{"), 0o600) }, []SignerKey{public}, inspect.Failed, "none of those"},
		{"signed later", unsigned, resign(sign, bagit.TagManifest256), []SignerKey{public}, inspect.Verified, "which you named"},
		{"unsigned", unsigned, nil, []SignerKey{public}, inspect.Failed, "not signed"},
		{"unsigned, and nobody asks", unsigned, nil, nil, inspect.Absent, "not signed"},
	} {
		dir := filepath.Join(t.TempDir(), "copy")
		must(t, os.CopyFS(dir, os.DirFS(tt.from)))
		if tt.change != nil {
			must(t, tt.change(dir))
		}
		mine := trusting()
		mine.Signers = tt.keys
		v := verify(t, dir, mine)
		detail := ""
		for _, c := range v.Checks {
			if c.Name == "signer" {
				detail += c.Detail
			}
		}
		if v.Fits != inspect.Verified || v.Authentic != tt.want || !strings.Contains(detail, tt.word) {
			t.Errorf("%s: fits %s, authentic %s: %s", tt.name, v.Fits, v.Authentic, detail)
		}
	}
}

// resign replaces the signature by one over a file of the bundle.
func resign(s Signer, over string) func(dir string) error {
	return func(dir string) error {
		manifest, err := os.ReadFile(filepath.Join(dir, over))
		if err != nil {
			return err
		}
		b, err := s(context.Background(), manifest)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, bagit.SignatureFile), b, 0o600)
	}
}

func TestEncryptedKeysNeedTheirPassword(t *testing.T) {
	der, err := cryptoutils.MarshalPrivateKeyToEncryptedDER(ecdsaKey(t, elliptic.P256()), cryptoutils.StaticPasswordFunc([]byte("right")))
	must(t, err)
	pem := cryptoutils.PEMEncode(cryptoutils.EncryptedSigstorePrivateKeyPEMType, der)
	for password, ok := range map[string]bool{"right": true, "wrong": false} {
		if _, err := KeySigner(pem, func() ([]byte, error) { return []byte(password), nil }); (err == nil) != ok {
			t.Errorf("%s: %v", password, err)
		}
	}
	for _, bad := range []string{"", "x", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"} {
		if _, err := KeySigner([]byte(bad), func() ([]byte, error) { return nil, nil }); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
}

func TestFailedSigningLeavesNothing(t *testing.T) {
	in := newIncident(t)
	o := options
	o.Sign = func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no") }
	to := filepath.Join(t.TempDir(), "bundle")
	if _, err := Export(context.Background(), in.opener(t), in.store, to, o); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		t.Error("something is left")
	}
}
