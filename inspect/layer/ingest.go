package layer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Ingest reads a layer in one pass: verifies it, keeps it, and indexes its tar. What does not hold is in the layer's
// Status, Reason and Detail; an error means that the context ended or that the store cannot be written. A layer whose
// blob digest was read and proven before is taken from the store. progress (which may be nil) is called with how many
// bytes of the layer, as stored, were read.
func (c *Cache) Ingest(ctx context.Context, client *registry.Client, img *registry.Image, number int,
	progress func(done int64),
) (inspect.Layer, error) {
	layer, _, err := c.ingest(ctx, client, img, number, progress)
	return layer, err
}

// ingest is Ingest that also gives the digest of bytes that are not what they should be.
func (c *Cache) ingest(ctx context.Context, client *registry.Client, img *registry.Image, number int,
	progress func(int64),
) (inspect.Layer, string, error) {
	if number < 0 || number >= len(img.Layers) {
		return inspect.Layer{}, "", fmt.Errorf("reading layer %d: the image has %d", number, len(img.Layers))
	}
	if progress == nil {
		progress = func(int64) {}
	}
	claim := img.Layers[number]
	p, err := c.prove(ctx, client, img, claim, progress)
	var bad *badLayer
	if err != nil && !errors.As(err, &bad) {
		return inspect.Layer{}, "", fmt.Errorf("reading layer %d: %w", number, err)
	}
	if bad != nil {
		return bad.judge(claim), bad.actual, nil
	}
	progress(p.Size)
	return p.judge(claim, img.Layers), "", nil
}

// prove gives the proof of a layer: from this run, from an earlier one, or by reading it. Errors: *badLayer.
func (c *Cache) prove(ctx context.Context, client *registry.Client, img *registry.Image, claim registry.Layer,
	progress func(int64),
) (proof, error) {
	read := func(ctx context.Context) (proof, error) {
		p, err := c.readLayer(ctx, client, img, claim, progress)
		if errors.Is(err, registry.ErrDamagedStore) {
			p, err = c.readLayer(ctx, client, img, claim, progress)
		}
		return p, err
	}
	digest := claim.Digest()
	if digest == "" {
		return c.skips.unless(ctx, claim, read)
	}
	if img.Location.Local() {
		return c.proofs.Get(ctx, proofKey(img, claim), func(ctx context.Context) (proof, error) {
			return c.skips.unless(ctx, claim, read)
		})
	}
	return c.proofs.Get(ctx, digest, func(ctx context.Context) (proof, error) {
		if p, ok := c.proven(digest); ok {
			return p, nil
		}
		return c.skips.unless(ctx, claim, read)
	})
}

// proofKey names the proof of a layer within a run. Two places on this machine can hold different bytes under one
// digest; what a registry gives is always its digest.
func proofKey(img *registry.Image, claim registry.Layer) string {
	if img.Location.Local() {
		return img.Location.Path + " " + claim.Digest()
	}
	return claim.Digest()
}

// claimed is the layer as manifest and config claim it, not yet looked at.
func claimed(claim registry.Layer) inspect.Layer {
	return inspect.Layer{
		Position: claim.Number, Number: claim.Number, Digest: claim.Digest(), DiffID: claim.DiffID,
		MediaType: string(claim.Descriptor.MediaType), Size: max(claim.Descriptor.Size, 0), Status: inspect.Unknown,
	}
}

// judge compares what was read with what manifest and config claim; all are the layers that they name. The diff ID is
// the one that was found: what the bytes are is certain, whoever lied about them. A diff ID that differs from the
// config's is a failure even where the blob's digest holds: the runtime would refuse the layer.
func (p proof) judge(claim registry.Layer, all []registry.Layer) inspect.Layer {
	l := claimed(claim)
	l.Status, l.DiffID, l.Size = inspect.Verified, p.DiffID, p.Size
	if p.cached {
		l.Source = inspect.SourceCache
	}
	switch size := claim.Descriptor.Size; {
	case size >= 0 && size != p.Size:
		l.Status, l.Reason = inspect.Failed, string(registry.ProblemSize)
		l.Detail = fmt.Sprintf("the manifest claims %d bytes, the layer has %d", size, p.Size)
	case claim.DiffID != "" && claim.DiffID != p.DiffID:
		l.Status, l.Reason = inspect.Failed, inspect.ReasonDiffIDMismatch
		l.Detail = fmt.Sprintf("the config claims diff ID %s, unpacked it is %s", claim.DiffID, p.DiffID)
		if at := slices.IndexFunc(all, func(o registry.Layer) bool { return o.DiffID == p.DiffID }); at >= 0 {
			l.Detail += fmt.Sprintf(", which the config has as layer %d: manifest and config do not have the "+
				"layers in the same order (some versions of docker save write that; save it again with another, "+
				"or read it from its registry)", at)
		}
	case len(p.Notes) > 0:
		l.Detail = "odd: " + p.Notes[0]
		if len(p.Notes) > 1 {
			l.Detail += fmt.Sprintf(" (and %d more)", len(p.Notes)-1)
		}
	}
	return l
}

// badLayer is a layer that could not be proven.
type badLayer struct {
	problem registry.Problem
	detail  string
	actual  string // digest of the bytes that came, kept in the store; empty where none came
	diffID  string // of the part of the tar that was read and is kept; empty where nothing is
}

// Error gives the detail, which is worded for a person.
func (b *badLayer) Error() string { return b.detail }

// judge gives failed where the bytes are not what they should be, unknown where they could not be looked at. Such a
// layer has the diff ID of the part that was read, or none.
func (b *badLayer) judge(claim registry.Layer) inspect.Layer {
	l := claimed(claim)
	l.DiffID, l.Reason, l.Detail, l.Status = b.diffID, string(b.problem), b.detail, inspect.Failed
	switch b.problem {
	case registry.ProblemMissing, registry.ProblemLimit, reasonSkipped, inspect.ReasonUnsupported:
		l.Status = inspect.Unknown
	default: // the bytes are there, and are wrong
	}
	return l
}
