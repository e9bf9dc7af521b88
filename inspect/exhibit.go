package inspect

import (
	"cmp"
	"slices"
)

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

// earlier is the earlier of two times that are known.
func Earlier(a, b Time) Time {
	if a.IsZero() || !b.IsZero() && b.Before(a.Time) {
		return b
	}
	return a
}
