package evidence

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
)

// Layers describes which layers of the image a bundle carries. Those of the known-good are never carried; the
// listings of all layers always are.
type Layers string

// Which layers there can be.
const (
	LayersSuspect Layers = "suspect" // those that a failed row, a finding or an alert names; the default
	LayersAll     Layers = "all"
	LayersNone    Layers = "none"
)

// Options of an export. The same events and options give the same bytes.
type Options struct {
	Layers Layers
	// WithoutConfig leaves out the images' configurations, which are carried whole with the secrets that they contain.
	WithoutConfig bool
	Case          string // its ID; empty: made from time and target
	Who           string // user@host, for the chain of custody
	Parent        string // bundle that the case was opened from, as ParentOf names it
	// Access is the head of the chain of openings and exports beside the case; empty: there is none.
	Access string
	// Exported is when the bundle is written, for bag-info.txt alone; zero: it is not stated.
	Exported inspect.Time
	// Documents gives the bills of materials for data/sbom: image.spdx.json, image.cdx.json, known-good.spdx.json.
	Documents func(ctx context.Context, c inspect.Case) ([]Document, error)
	// Sign signs the tag manifest; nil: it is not signed.
	Sign Signer
	// Keyless: Sign signs with a certificate, which README.txt explains how to check.
	Keyless bool
	// Timestamp gives the RFC 3161 response of an authority over a SHA-256; nil: none is asked for.
	Timestamp func(ctx context.Context, digest [32]byte) ([]byte, error)
	Progress  func(inspect.Progress)
}

// Document is a file that another package makes for the bundle.
type Document struct {
	Name string
	Data []byte
}

// Result of an export.
type Result struct {
	Path        string
	TagManifest string   // sha256:… of tagmanifest-sha256.txt: it fixes the content even if nothing is signed
	Line        string   // one line to copy: backtrail CASE tagmanifest sha256:… TIME
	Files       int      // payload files
	Bytes       int64    // of the payload
	Notes       []string // what is not in it, and why, in sentences
	Taken       []string // files that something on this machine took away after they were written
}
