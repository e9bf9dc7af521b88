package signature

import (
	"context"
	"errors"
	"io"

	"github.com/backtrail/backtrail/inspect"
)

// BlobRequest is one blob that a bundle should vouch for.
type BlobRequest struct {
	Artifact io.Reader // its bytes; nil where Digest is given
	Digest   string    // sha256:<hex>, where the bytes are not at hand
	Bundle   []byte    // a Sigstore bundle
	Expected inspect.Expected
	Trust    *Trust
}

// ErrMalformed says that the bundle is none.
var ErrMalformed = errors.New("malformed bundle")

// VerifyBlob verifies a blob against a Sigstore bundle. Without any expectation a bundle that holds is unknown, with
// no-expectation. Errors are those of the request: bytes or trusted roots that cannot be read, ErrMalformed; the verdict
// is the signature's status, its reason and the details of its steps.
func VerifyBlob(ctx context.Context, r BlobRequest) (inspect.Signature, error) {
	return inspect.Signature{}, errors.New("verifying a blob: not yet there")
}
