package registry

import (
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Problem is how a part of an image does not hold, in the words of the case. Empty: it holds.
type Problem string

// The ways in which a part does not hold. ProblemMissing and ProblemLimit mean that a part could not be looked at,
// which is unknown; the others that the image does not match its digests.
const (
	ProblemDigest     Problem = "digest-mismatch"
	ProblemSize       Problem = "size-mismatch" // the digest fits, the descriptor's size does not
	ProblemMissing    Problem = "missing-blob"
	ProblemMalformed  Problem = "malformed"
	ProblemLimit      Problem = "limit"
	ProblemLayerCount Problem = "layer-count-mismatch"
	ProblemForm       Problem = "unsupported" // a form that is not read here, see Form
)

// Part is an index, manifest or config: bytes with the digest that they should have and the one that they have.
// Bytes that are not their digest are kept as evidence and never parsed.
type Part struct {
	Digest    string // sha256:<hex> that names it; empty when nothing names it by digest
	MediaType string
	Size      int64  // as the descriptor claims, -1 when nothing claims it
	Bytes     []byte // as read; nil when missing
	Actual    string // sha256:<hex> of Bytes
	Problem   Problem
	Detail    string // the problem in words
	Form      Form   // of a part with ProblemForm
}

// Present reports whether there is such a part, whether it holds or not.
func (p Part) Present() bool { return p.Digest != "" || p.Bytes != nil || p.Problem != "" }

// Holds reports whether the part is there and matches its digest.
func (p Part) Holds() bool { return p.Bytes != nil && p.Problem == "" }

// Descriptor returns a descriptor of the part as it is named; the zero Descriptor if nothing names it by digest.
func (p Part) Descriptor() v1.Descriptor {
	hash, err := v1.NewHash(p.Digest)
	if err != nil {
		return v1.Descriptor{}
	}
	return v1.Descriptor{MediaType: mediaType(p.MediaType), Digest: hash, Size: max(p.Size, int64(len(p.Bytes)))}
}

// newPart compares bytes, or the error that came instead of them, with what names them. Errors that prove nothing about
// the part itself, such as a broken connection, come back.
func newPart(named v1.Descriptor, data []byte, err error) (Part, error) {
	p := Part{Digest: hashString(named.Digest), MediaType: string(named.MediaType), Size: named.Size, Bytes: data}
	var limit *LimitError
	switch {
	case errors.Is(err, ErrNotFound):
		p.Problem, p.Detail = ProblemMissing, err.Error()
		return p, nil
	case errors.As(err, &limit):
		p.Problem, p.Detail = ProblemLimit, err.Error()
		return p, nil
	case err != nil:
		return Part{}, err
	}
	if p.Bytes == nil {
		p.Bytes = []byte{}
	}
	p.Actual = digestOf(p.Bytes)
	switch {
	// nothing named it: a tag without a digest header, the config of docker save under another name
	case p.Digest == "":
		p.Digest = p.Actual
	case p.Digest != p.Actual:
		p.Problem, p.Detail = ProblemDigest, (&DigestError{Want: p.Digest, Have: p.Actual}).Error()
		return p, nil
	}
	// Runtimes differ here: containerd compares sizes, others do not. The bytes are right, and the descriptor is not.
	if p.Size >= 0 && p.Size != int64(len(data)) {
		p.Problem, p.Detail = ProblemSize, fmt.Sprintf("size is %d bytes, not %d", len(data), p.Size)
	}
	return p, nil
}

// malformed notes that the part's bytes match their digest and yet cannot be read.
func (p *Part) malformed(err error) {
	p.Problem, p.Detail = ProblemMalformed, err.Error()
	var limit *LimitError
	var form *FormError
	switch {
	case errors.As(err, &limit):
		p.Problem = ProblemLimit
	case errors.As(err, &form):
		p.Problem, p.Form = ProblemForm, form.Form
	}
}

// Unchecked reports whether a problem means that the part could not be looked at, and not that it is wrong.
func (p Problem) Unchecked() bool {
	return p == ProblemMissing || p == ProblemLimit || p == ProblemForm
}
