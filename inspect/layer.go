package inspect

import "cmp"

// Layer is a layer of the manifest, or a history entry without one (Empty, Number -1).
type Layer struct {
	Position  int    `json:"position"` // in the history, from 0: the key of the layer
	Number    int    `json:"number"`   // in the manifest, from 0
	Digest    string `json:"digest"`
	DiffID    string `json:"diffID"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"` // bytes as stored in the registry
	CreatedBy string `json:"createdBy"`
	Created   Time   `json:"created"`
	Empty     bool   `json:"empty"`
	Base      bool   `json:"base"`
	Status    Status `json:"status"`
	Reason    string `json:"reason"`
	Detail    string `json:"detail"`
	// Source is SourceCache where the bytes were not read again; else empty.
	Source   string `json:"source,omitempty"`
	Added    int    `json:"added"`
	Modified int    `json:"modified"`
	Removed  int    `json:"removed"`
}

// SourceCache is the source of a registry's bytes that an earlier run read and verified, and that were not read again.
const SourceCache = "cache"

// FactKind is the fact's JSON name.
func (Layer) FactKind() string { return "layer" }

func (l Layer) fold(c *Case, e Event) {
	upsert(&c.imageFor(e.Container).Layers, l, func(a, b Layer) int { return cmp.Compare(a.Position, b.Position) })
}
