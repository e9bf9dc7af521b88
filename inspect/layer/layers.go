package layer

import (
	"context"
	"errors"
	"fmt"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Layers is the check that reads the layers of an image, verifies and indexes them, and settles the status of the
// image's bytes. It fails only where the store or the context does. What is wrong with the image is in its facts: a
// limit ends the check after the image was marked unknown, so that no case stays without a status.
func Layers(client *registry.Client, cache *Cache) engine.Check {
	return engine.Check{Name: inspect.CheckLayers, Run: func(ctx context.Context, on engine.On,
		emit func(inspect.Event),
	) error {
		image := on.Image()
		img, err := Resolve(ctx, client, image)
		if err != nil {
			return err
		}
		layers, err := cache.showLayers(ctx, client, img, on, emit)
		if errors.As(err, new(*registry.LimitError)) {
			image.Status, image.Reason, image.Detail = inspect.Unknown, string(registry.ProblemLimit), err.Error()
			emit(inspect.Event{Fact: settled(image, layers).ImageHead})
		}
		if err != nil {
			return err
		}
		emit(inspect.Event{Fact: settled(image, layers).ImageHead})
		if err := (bases{cache}).rememberStack(image, layers); err != nil {
			return err
		}
		if img.ManifestFile == nil && img.Digest() != "" {
			return engine.Unchecked("the layers are not known: the manifest %s cannot be read", img.Digest())
		}
		return nil
	}}
}

// Resolve opens the image of a case again, by the digests that it had. Errors are those of the registry and of an image
// that was not resolved; a tag is never read again.
func Resolve(ctx context.Context, client *registry.Client, image inspect.Image) (*registry.Image, error) {
	if err := image.Read(); err != nil {
		return nil, err
	}
	pin, err := registry.ParsePin(image.Location, image.Index, image.Digest, image.Config)
	if err != nil {
		return nil, fmt.Errorf("reading the layers: %w", err)
	}
	img, err := client.Reopen(ctx, pin)
	if err != nil {
		return nil, fmt.Errorf("reading the layers of %s: %w", image.Location, err)
	}
	return img, nil
}

// ParsePlatform reads a platform as a case writes it, linux/arm64/v8; the zero platform, which any image satisfies,
// where it names none or is malformed.
func ParsePlatform(text string) v1.Platform {
	if p, err := v1.ParsePlatform(text); err == nil && p != nil {
		return *p
	}
	return v1.Platform{}
}

// showLayers ingests the layers and emits each as it comes: first as waiting, as being read, then as it ended, then
// with what it changed against the tree below, and with findings about what runtimes unpack to different files.
func (c *Cache) showLayers(ctx context.Context, client *registry.Client, img *registry.Image, on engine.On,
	emit func(inspect.Event),
) ([]inspect.Layer, error) {
	rows := history(img)
	if base, ok := (bases{c}).baseOf(img); ok {
		base.mark(rows)
		emit(inspect.Event{Fact: *base.setting()})
	}
	rowOf := map[int]inspect.Layer{}
	for _, r := range rows {
		emit(inspect.Event{Fact: r})
		if !r.Empty {
			rowOf[r.Number] = r
		}
	}
	watch := &Watch{
		Shared:   func() []string { return bases{c}.comparedLayers(on.Image(), img.Platform) },
		Progress: func(p inspect.Progress) { emit(inspect.Event{Fact: p}) },
		Begin: func(number int) {
			l := rowOf[number]
			l.Detail = "it is being read"
			emit(inspect.Event{Fact: l})
		},
		Layer: func(in Ingested) {
			l := onRow(in.Layer, rowOf[in.Layer.Number])
			emit(inspect.Event{Fact: l})
			if b, ok := layerBlob(in, "image"); ok {
				emit(inspect.Event{Fact: b})
			}
		},
	}
	c.skips.number(img.Layers)
	layers, err := c.IngestAll(ctx, client, img, watch)
	if err != nil {
		return nil, err
	}
	tree, err := c.Tree(ctx, layers)
	if err != nil {
		return layers, err
	}
	for i := range layers {
		layers[i] = onRow(layers[i], rowOf[layers[i].Number])
		layers[i].Added, layers[i].Modified, layers[i].Removed = tree.Changes(layers[i].Number)
		odd := tree.Oddness(layers[i].Number)
		layers[i] = odd.judge(layers[i])
		l := layers[i]
		emit(inspect.Event{Fact: l})
		for _, f := range odd.findings(on.Image().Container, l) {
			emit(inspect.Event{Fact: f})
		}
	}
	return layers, nil
}

// comparedLayers are the layers of the image that this one is compared with, as soon as it is known which one that
// is: its manifest is in the store then.
func (c bases) comparedLayers(image inspect.Image, platform v1.Platform) []string {
	if image.Diff == nil || image.Diff.KnownGood == nil {
		return nil
	}
	return c.layersOf(image.Diff.KnownGood.Digest, platform)
}

// onRow puts what was found onto the row that the history gave. The history is a claim of whoever built the image;
// number, digest and status are not taken from it.
func onRow(l, row inspect.Layer) inspect.Layer {
	l.Position, l.CreatedBy, l.Created, l.Base = row.Position, row.CreatedBy, row.Created, row.Base
	return l
}

// layerBlob describes what became of a layer's blob. The docker-save form names no blob; there the case carries the tar
// under the digest that it has.
func layerBlob(in Ingested, of string) (inspect.Blob, bool) {
	l := in.Layer
	b := inspect.Blob{
		Digest: l.Digest, MediaType: l.MediaType, Size: l.Size, Role: "layer", State: "carried",
		Of: of, Source: l.Source,
	}
	if b.Digest == "" {
		b.Digest = l.DiffID
	}
	switch {
	case in.Actual != "":
		b.State, b.Actual = "damaged", in.Actual
	case l.Status == inspect.Unknown:
		b.State = "missing"
	}
	return b, b.Digest != ""
}

// settled is the image with the status of its bytes: what the subject check found wrong with manifest and config
// stands, unless a layer is worse. Facts of other checks are cut off: an image head carries none of them, and folding
// it leaves them as they are.
func settled(image inspect.Image, layers []inspect.Layer) *inspect.Image {
	image.Stores, image.Layers, image.Signatures, image.Provenance, image.SBOMs, image.Packages = nil, nil, nil, nil,
		nil, nil
	image.Files, image.Binaries, image.Altered, image.Missing, image.Notable = inspect.Files{}, nil, nil, nil, nil
	image.Autoruns = nil
	image.Vulns, image.VulnData, image.Candidates, image.Diff, image.Gates = nil, nil, nil, nil, nil
	if image.Status == inspect.Failed {
		return &image
	}
	worst := inspect.Layer{Status: inspect.Verified}
	for _, l := range layers {
		if l.Status == inspect.Failed || l.Status == inspect.Unknown && worst.Status == inspect.Verified {
			worst = l
		}
		if worst.Status == inspect.Failed {
			break
		}
	}
	if worst.Status != inspect.Failed && image.Status == inspect.Unknown && image.Reason != inspect.Running {
		return &image
	}
	image.Status, image.Reason, image.Detail = worst.Status, worst.Reason, ""
	if worst.Status != inspect.Verified {
		image.Detail = fmt.Sprintf("layer %d: %s", worst.Number, worst.Detail)
	}
	return &image
}
