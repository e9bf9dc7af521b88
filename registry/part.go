package registry

// Problem says how a part of an image does not hold, in the words of the case. Empty: it holds.
type Problem string

// The ways in which a part does not hold. All but ProblemMissing mean that the image is not what it says; a missing
// blob could not be looked at, and is unknown.
const (
	ProblemDigest     Problem = "digest-mismatch"
	ProblemSize       Problem = "size-mismatch"
	ProblemMissing    Problem = "missing-blob"
	ProblemMalformed  Problem = "malformed"
	ProblemLimit      Problem = "limit"
	ProblemLayerCount Problem = "layer-count-mismatch"
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
}

// Present says that there is such a part, whether it holds or not.
func (p Part) Present() bool { return p.Digest != "" || p.Bytes != nil || p.Problem != "" }

// Holds says that the part is there and is what its digest says.
func (p Part) Holds() bool { return p.Bytes != nil && p.Problem == "" }
