package registry

import (
	"context"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ErrUnresolved means that it is not known which bytes an image is, so nothing can be read of it.
var ErrUnresolved = errors.New("the image is not resolved")

// Pin names an image that was resolved before by the digests that it had. Reopening it never chooses again: neither a
// tag that moved nor another platform of the index can take its place.
type Pin struct {
	Location Location
	Index    string // digest, empty without an index
	Manifest string // digest, empty for the docker-save form
	Config   string // digest; empty where the manifest could not be read
}

// ParsePin reads a pin as a case records it. An empty location is an image that was never resolved.
// Errors: ErrUnresolved.
func ParsePin(location, index, manifest, config string) (Pin, error) {
	if location == "" {
		return Pin{}, ErrUnresolved
	}
	loc, err := Parse(location)
	if err != nil {
		return Pin{}, err
	}
	if index == "" && manifest == "" && !loc.Local() {
		return Pin{}, fmt.Errorf("opening %s: it names no digest: %w", loc, ErrUnresolved)
	}
	return Pin{Location: loc, Index: index, Manifest: manifest, Config: config}, nil
}

// Pin returns the digests by which Reopen finds the image again. Its location is that of the index where there is one,
// since signatures often name only that.
func (img *Image) Pin() Pin {
	p := Pin{Location: img.Location, Index: img.Index.Digest, Manifest: img.Manifest.Digest, Config: img.Config.Digest}
	if digest := firstOf(p.Index, p.Manifest); digest != "" {
		p.Location = img.Location.At(digest)
	}
	return p
}

// Reopen reads the image that a pin names. The layers that it claims are those of the pinned manifest, or there is an
// error: a source that now has other bytes under the same name is another image. Errors: as Resolve, *DigestError.
func (c *Client) Reopen(ctx context.Context, p Pin) (*Image, error) {
	img, err := c.reopen(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("opening image %s: %w", p.Location, err)
	}
	// A layout on disk may have been written anew since; its names are the same, its config is not.
	if p.Config != "" && img.Config.Digest != p.Config {
		return nil, fmt.Errorf("opening image %s: its config changed: %w", p.Location, &DigestError{
			Want: p.Config,
			Have: img.Config.Digest,
		})
	}
	return img, nil
}

func (c *Client) reopen(ctx context.Context, p Pin) (*Image, error) {
	digest := firstOf(p.Index, p.Manifest)
	if digest == "" { // the docker-save form, which names no manifest
		return c.resolve(ctx, p.Location, v1.Platform{})
	}
	loc := p.Location.At(digest)
	root, err := c.Manifest(ctx, loc, digest)
	if err != nil {
		return nil, err
	}
	if p.Index == "" || p.Manifest == "" {
		return c.fillPinned(ctx, loc, root, Part{}, v1.Descriptor{})
	}
	named := descriptorOf(p.Manifest)
	if doc, err := parseDocument(root.Bytes); root.Holds() && err == nil && doc.index != nil {
		for _, d := range doc.index.Manifests {
			if hashString(d.Digest) == p.Manifest {
				named = d
			}
		}
	}
	part, err := c.manifestPart(ctx, loc, named)
	if err != nil {
		return nil, err
	}
	return c.fillPinned(ctx, loc, root, part, named)
}

// fillPinned reads on from the root, or from the manifest inside the root where one was read.
func (c *Client) fillPinned(ctx context.Context, loc Location, root, manifest Part,
	named v1.Descriptor,
) (*Image, error) {
	reader, err := c.resolver(ctx, loc)
	if err != nil {
		return nil, err
	}
	img := &Image{Location: loc}
	doc, err := readDocument(&root)
	if err != nil {
		return nil, err
	}
	switch {
	case manifest.Present():
		img.Index, img.IndexManifest = root, doc.index
		if named.Platform != nil {
			img.Platform = *named.Platform
		}
		if doc, err = readDocument(&manifest); err != nil {
			return nil, err
		}
		return img, reader.fillManifest(ctx, img, manifest, doc)
	case doc.index != nil || root.Problem != "" && mediaType(root.MediaType).IsIndex():
		img.Index, img.IndexManifest = root, doc.index
		return img, nil
	}
	return img, reader.fillManifest(ctx, img, root, doc)
}
