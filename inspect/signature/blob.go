package signature

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// BlobRequest is one blob that a bundle should vouch for.
// Nothing of it is fetched: bundle, roots and expectation are all at hand, so that a verification works offline.
type BlobRequest struct {
	Artifact io.ReadSeeker // its bytes, read several times; nil where Digest is given
	Digest   string        // sha256:<hex>, where the bytes are not at hand
	Bundle   []byte        // Sigstore bundles, in any of the forms that bundlesIn reads
	Expected inspect.Expected
	Trust    *Trust
}

// ErrMalformed means that the bundle is none.
// It is compared with errors.Is; the error around it has the reason.
var ErrMalformed = errors.New("malformed bundle")

// VerifyBlob verifies a blob against Sigstore bundles, of which one that holds is enough. Without any expectation a
// bundle that holds is unknown, with no-expectation. Errors are those of the request: bytes, keys, patterns or
// trusted roots that cannot be read, ErrMalformed; the verdict is the signature's status, with its reason and the
// details of its steps. A malformed bundle comes with a row as well.
//
// It is what `backtrail verify-blob` and the verification of an evidence bundle's own signature rest on.
func VerifyBlob(ctx context.Context, r BlobRequest) (inspect.Signature, error) {
	if err := ctx.Err(); err != nil {
		return inspect.Signature{}, err
	}
	x, err := newExpectation(r.Expected)
	if err != nil {
		return inspect.Signature{}, err
	}
	a, err := r.artifact()
	if err != nil {
		return inspect.Signature{}, err
	}
	bundles, err := bundlesIn(r.Bundle)
	if err != nil {
		return malformedRow(KindBundle, r.Bundle, a.main, err), fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	roots, err := r.Trust.Roots()
	if err != nil {
		return inspect.Signature{}, err
	}
	var kept *inspect.Signature
	var malformed error
	for _, data := range bundles {
		if err := ctx.Err(); err != nil {
			return inspect.Signature{}, err
		}
		s, err := readBundle(data)
		if err != nil {
			malformed = err
			continue
		}
		row := s.row(a)
		s.verify(roots, a, x).fill(&row)
		if kept == nil || holding(row) > holding(*kept) {
			kept = &row
		}
	}
	if kept == nil {
		return malformedRow(KindBundle, r.Bundle, a.main, malformed), fmt.Errorf("%w: %w", ErrMalformed, malformed)
	}
	return *kept, nil
}

// holding ranks the rows of one file, of which one that is verified is enough: by how many steps hold, those about
// another file last.
// A row about another file would explain something that the person did not ask about.
func holding(row inspect.Signature) int {
	n := 0
	for _, s := range row.Steps {
		if s.Status == inspect.Verified || s.Status == inspect.Absent {
			n++
		}
	}
	switch {
	case row.Status == inspect.Verified:
		n += 1000
	case row.Reason != inspect.ReasonSubjectMismatch:
		n += 100
	}
	return n
}

// artifact prefers the bytes: a digest that a person typed proves less than a file that is there.
func (r BlobRequest) artifact() (artifact, error) {
	if r.Artifact != nil {
		return newFile(r.Artifact)
	}
	if !registry.IsDigest(r.Digest) {
		return artifact{}, fmt.Errorf("reading digest %q: it is not sha256:<hex>", r.Digest)
	}
	return artifact{what: "the file", main: r.Digest, names: map[string]string{r.Digest: "the file"}}, nil
}

// Why describes in one sentence why a signature is not verified: the first link that does not hold.
// Failed comes before unknown, since an unknown link may be one that was not reached.
func Why(s inspect.Signature) string {
	for _, want := range []inspect.Status{inspect.Failed, inspect.Unknown} {
		for _, step := range s.Steps {
			if step.Status == want && step.Detail != "not reached" {
				return step.Name + ": " + step.Detail
			}
		}
	}
	return s.Reason
}
