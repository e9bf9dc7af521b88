package inspect

import (
	"cmp"
	"slices"
)

// Blob is something of a registry that the store keeps, or should keep, by its digest.
type Blob struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
	Role      string `json:"role"`   // index, manifest, config, layer, signature, attestation, sbom, referrer
	State     string `json:"state"`  // carried, damaged, missing, left-out
	Actual    string `json:"actual"` // digest of the bytes that came, where they are not their digest
	Of        string `json:"of"`     // image or known-good
	Tag       string `json:"tag,omitempty"`
	Source    string `json:"source,omitempty"` // SourceCache, else read from where the image is
	Kept      Time   `json:"kept"`             // when it was first kept
}

// States of a blob that is kept.
const (
	BlobCarried = "carried"
	BlobDamaged = "damaged" // kept as it came, which is not its digest
)

// FactKind is the fact's JSON name.
func (Blob) FactKind() string { return "blob" }

// fold keeps the time since when the bytes are kept.
func (b Blob) fold(c *Case, _ Event) {
	key := func(a, b Blob) int { return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.Digest, b.Digest)) }
	if n, found := slices.BinarySearchFunc(c.Blobs, b, key); found && c.Blobs[n].State == b.State {
		b.Kept = Earlier(c.Blobs[n].Kept, b.Kept)
	}
	upsert(&c.Blobs, b, key)
}

// at gives a blob that is kept the time since when.
func (b Blob) at(t Time) Fact {
	if b.Kept.IsZero() && (b.State == BlobCarried || b.State == BlobDamaged) {
		b.Kept = t
	}
	return b
}
