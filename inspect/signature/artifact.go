package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/verify"
)

// artifact is what a signature should be about: an image, or the index that contains it, or a file.
// An index is named beside the image because build systems sign the index once for all its platforms.
type artifact struct {
	what  string            // "the image", "the file"
	names map[string]string // what each digest names, sha256:<hex>
	main  string            // the digest that is meant
	bytes io.ReadSeeker     // nil: not at hand
}

// newFile reads a file once for its digest.
func newFile(bytes io.ReadSeeker) (artifact, error) {
	h := sha256.New()
	if _, err := bytes.Seek(0, io.SeekStart); err != nil {
		return artifact{}, fmt.Errorf("reading the artifact: %w", err)
	}
	if _, err := io.Copy(h, bytes); err != nil {
		return artifact{}, fmt.Errorf("reading the artifact: %w", err)
	}
	digest := "sha256:" + hex.EncodeToString(h.Sum(nil))
	return artifact{"the file", map[string]string{digest: "the file"}, digest, bytes}, nil
}

// matching gives the digest of a list that names the artifact.
// Where none matches, the digest that is meant is returned with false, so that a comparison with it fails.
func (a artifact) matching(digests []string) (digest string, ok bool) {
	for _, d := range digests {
		if _, ok := a.names[d]; ok {
			return d, true
		}
	}
	return a.main, false
}

// policy gives sigstore-go what must have been signed: by bytes where they are at hand, else by digest.
func (a artifact) policy(digests []string) (verify.ArtifactPolicyOption, error) {
	if a.bytes != nil {
		if _, err := a.bytes.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("reading the artifact: %w", err)
		}
		return verify.WithArtifact(a.bytes), nil
	}
	digest, _ := a.matching(digests)
	raw, err := rawDigest(digest)
	if err != nil {
		return nil, err
	}
	return verify.WithArtifactDigest("sha256", raw), nil
}

// verify checks with sigstore-go whether a signature content is by its key and about the artifact.
func (a artifact) verify(sc verify.SignatureContent, vc verify.VerificationContent, m keyed, digests []string) error {
	if a.bytes != nil {
		if _, err := a.bytes.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("reading the artifact: %w", err)
		}
		return verify.VerifySignatureWithArtifacts(sc, vc, m, []io.Reader{a.bytes})
	}
	digest, _ := a.matching(digests)
	raw, err := rawDigest(digest)
	if err != nil {
		return err
	}
	return verify.VerifySignatureWithArtifactDigests(sc, vc, m, []verify.ArtifactDigest{{
		Algorithm: "sha256",
		Digest:    raw,
	}})
}

// rawDigest gives the 32 bytes of sha256:<hex>.
func rawDigest(digest string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.TrimPrefix(digest, "sha256:"))
	if err != nil || len(raw) != sha256.Size {
		return nil, fmt.Errorf("reading digest %q: it is not sha256:<hex>", digest)
	}
	return raw, nil
}
