package policy

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/backtrail/backtrail/inspect"
)

// Kind is the kind of inspect.Trust that is a policy.
const Kind = "policy"

// Policy is one policy: which images it is about, and what it asks of them.
type Policy struct {
	Name   string // of the object; of a rule, with the rule's: check-images/signed-by-ci
	Kind   string // of the object: ClusterImagePolicy
	Digest string // sha256:… of the bytes that it was read from
	Origin string // one of inspect.TrustFile and its like
	Source string // the file's path, or the object's in the API

	images images
	// what is required wherever the policy applies; in may adapt a copy of it
	demand inspect.PolicyRequirement
	// adapts what is asked to the pods of a namespace, and reports whether it applies to them; nil: to all
	in func(namespace string, d *inspect.PolicyRequirement) bool
}

// images describes which images a policy is about.
type images struct {
	globs, but []glob // of the names that it is about, and of those that it leaves out
	open       string // why it cannot be said for sure, in words
}

// glob fits one form of a reference.
type glob struct {
	text string
	fits func(name) bool
}

// about reports whether a policy is about an image, and if that is not known, why not.
func (i images) about(n name) (is bool, open string) {
	// what is left out counts before what is named, as Kyverno evaluates skipImageReferences
	for _, g := range i.but {
		if g.fits(n) {
			return false, ""
		}
	}
	for _, g := range i.globs {
		if g.fits(n) {
			return true, i.open
		}
	}
	return false, i.open
}

// Source is bytes that hold policies.
type Source struct {
	Bytes  []byte
	Name   string // path of a file, or of an object in the API
	Origin string
}

// Digest is sha256:… of the bytes.
func (s Source) Digest() string {
	sum := sha256.Sum256(s.Bytes)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// trust is the record of a source that verdicts rest on.
func (s Source) trust() inspect.Trust {
	return inspect.Trust{Kind: Kind, Origin: s.Origin, Name: s.Name, Digest: s.Digest()}
}
