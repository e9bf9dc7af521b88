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

// Exhibit is something kept as it was received: cluster objects, alerts, logs, trust roots.
type Exhibit struct {
	Path     string   `json:"path"` // below data/ in the bundle: cluster/pod.json
	Digest   string   `json:"digest"`
	Size     int64    `json:"size"`
	Source   string   `json:"source"`   // the request or the file that it came from
	Redacted []string `json:"redacted"` // what was taken out, by field
	// Original is the digest of the bytes as received, where something was removed from them: a plain one from a check,
	// which the ledger salts (hmac-sha256:…), since that of a short secret in a known text could be guessed.
	Original  string `json:"original,omitempty"`
	Truncated bool   `json:"truncated"`         // a bound cut it short
	Missing   string `json:"missing,omitempty"` // why it could not be kept; it then has no digest
	Kept      Time   `json:"kept"`              // when these bytes were first kept
}

// FactKind is the fact's JSON name.
func (Exhibit) FactKind() string { return "exhibit" }

// fold keeps the time since when the bytes are kept. A later failed try takes nothing away.
func (x Exhibit) fold(c *Case, _ Event) {
	key := func(a, b Exhibit) int { return cmp.Compare(a.Path, b.Path) }
	if n, found := slices.BinarySearchFunc(c.Exhibits, x, key); found {
		old := c.Exhibits[n]
		if x.Missing != "" && old.Missing == "" {
			return
		}
		if old.Digest == x.Digest {
			x.Kept = Earlier(old.Kept, x.Kept)
		}
	}
	upsert(&c.Exhibits, x, key)
}

// at gives an exhibit that is kept the time since when.
func (x Exhibit) at(t Time) Fact {
	if x.Missing == "" && x.Kept.IsZero() {
		x.Kept = t
	}
	return x
}

// Earlier is the earlier of two times that are known.
func Earlier(a, b Time) Time {
	if a.IsZero() || !b.IsZero() && b.Before(a.Time) {
		return b
	}
	return a
}
