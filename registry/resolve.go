package registry

import (
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// place is where manifests and blobs are: a repository of a registry, a layout, or a docker-save form.
type place interface {
	// blob streams a blob as it is there, unverified. Errors: ErrNotFound.
	blob(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error)
}

// readPart reads what a descriptor names, verified. Errors are those that say nothing of the part itself.
func readPart(ctx context.Context, from place, desc v1.Descriptor, limit int64) (Part, error) {
	data, err := readBlob(ctx, from, desc, limit)
	return newPart(desc, data, err)
}

func readBlob(ctx context.Context, from place, desc v1.Descriptor, limit int64) ([]byte, error) {
	if desc.Size > limit {
		return nil, &LimitError{What: fmt.Sprintf("size of %s in bytes", desc.Digest), Limit: limit}
	}
	for range 2 {
		r, err := from.blob(ctx, desc)
		if err != nil {
			return nil, err
		}
		data, err := readAll(r, limit, fmt.Sprintf("size of %s in bytes", desc.Digest))
		_ = r.Close()
		// A copy that rotted on our disk is gone now, and says nothing of the image: the next try asks the registry.
		if !errors.Is(err, ErrDamagedStore) {
			return data, err
		}
	}
	return nil, ErrDamagedStore
}

// Resolve reads index, manifest and config of an image and nothing more. With a zero platform it takes the only one
// there is, else linux/amd64.
//
// An image whose parts do not hold is an Image with Problems; an error means that there is no image, or that none
// could be chosen: ErrNotFound, *AmbiguousError, *PlatformError, *AuthError, *RateLimitError.
func (c *Client) Resolve(ctx context.Context, loc Location, platform v1.Platform) (*Image, error) {
	img, err := c.resolve(ctx, loc, platform)
	if err != nil {
		return nil, fmt.Errorf("resolving image %s: %w", loc, err)
	}
	return img, nil
}

func (c *Client) resolve(ctx context.Context, loc Location, platform v1.Platform) (*Image, error) {
	if loc.Local() {
		return c.resolveLocal(ctx, loc, platform)
	}
	repo, err := c.repository(loc)
	if err != nil {
		return nil, err
	}
	root, err := repo.manifest(ctx, firstOf(loc.Digest, loc.Tag))
	if err != nil {
		return nil, err
	}
	img := &Image{Location: loc}
	reader := resolver{
		manifest: repo.manifestPart,
		config: func(ctx context.Context, desc v1.Descriptor) (Part, error) {
			return repo.keep(readPart(ctx, repo, desc, MaxConfig))
		},
		has: func(string) bool { return true },
	}
	return img, reader.fill(ctx, img, root, platform)
}

func (c *Client) resolveLocal(ctx context.Context, loc Location, platform v1.Platform) (*Image, error) {
	opened, err := c.locals.get(ctx, loc)
	if err != nil {
		return nil, err
	}
	loc.Kind = opened.kind
	if opened.docker != nil {
		return opened.docker.resolve(loc)
	}
	desc, err := opened.layout.image(ctx, loc)
	if err != nil {
		return nil, err
	}
	root, err := readPart(ctx, opened.layout, desc, MaxManifest)
	if err != nil {
		return nil, err
	}
	img := &Image{Location: loc, Names: opened.layout.names(root.Digest)}
	reader := resolver{
		manifest: func(ctx context.Context, desc v1.Descriptor) (Part, error) {
			return readPart(ctx, opened.layout, desc, MaxManifest)
		},
		config: func(ctx context.Context, desc v1.Descriptor) (Part, error) {
			return readPart(ctx, opened.layout, desc, MaxConfig)
		},
		has: opened.layout.has,
	}
	return img, reader.fill(ctx, img, root, platform)
}

// resolver follows an image from its root down to the config.
type resolver struct {
	manifest func(ctx context.Context, desc v1.Descriptor) (Part, error)
	config   func(ctx context.Context, desc v1.Descriptor) (Part, error)
	has      func(digest string) bool // whether a child is there; for registries always
}

func (r resolver) fill(ctx context.Context, img *Image, root Part, platform v1.Platform) error {
	doc, err := readDocument(&root)
	if err != nil {
		return err
	}
	if doc.index == nil {
		if root.Problem != "" && mediaType(root.MediaType).IsIndex() {
			img.Index = root
			return nil
		}
		return r.fillManifest(ctx, img, root, doc)
	}
	img.Index, img.IndexManifest = root, doc.index
	images := runnable(doc.index)
	img.Platforms = platformsOf(images)
	if len(images) == 0 {
		return fmt.Errorf("there is no image in the index: %w", ErrNotFound)
	}
	child, err := choose(images, platform, r.has)
	if err != nil {
		return err
	}
	if child.Platform != nil {
		img.Platform = *child.Platform
	}
	part, err := r.manifest(ctx, child)
	if err != nil {
		return fmt.Errorf("reading manifest %s: %w", child.Digest, err)
	}
	if doc, err = readDocument(&part); err != nil {
		return err
	}
	if doc.index != nil {
		part.malformed(&LimitError{What: "depth of indexes inside indexes", Limit: 1})
		doc = document{}
	}
	return r.fillManifest(ctx, img, part, doc)
}

// readDocument parses a part that holds and notes in it what is malformed. An error means that there is nothing.
func readDocument(part *Part) (document, error) {
	if !part.Holds() {
		return document{}, nil
	}
	doc, err := parseDocument(part.Bytes)
	if errors.Is(err, errNull) {
		return document{}, fmt.Errorf("manifest %s: %w: %w", part.Digest, err, ErrNotFound)
	}
	if err != nil {
		part.malformed(err)
	}
	return doc, nil
}

func (r resolver) fillManifest(ctx context.Context, img *Image, part Part, doc document) error {
	img.Manifest, img.ManifestFile = part, doc.manifest
	if doc.manifest == nil {
		return nil
	}
	config := doc.manifest.Config
	if !isImageConfig(string(config.MediaType)) {
		return fmt.Errorf("it is no image but %s: %w", config.MediaType, ErrNotFound)
	}
	for i, d := range doc.manifest.Layers {
		img.Layers = append(img.Layers, Layer{Number: i, Descriptor: d})
	}
	var err error
	if img.Config, err = r.config(ctx, config); err != nil {
		return fmt.Errorf("reading config %s: %w", config.Digest, err)
	}
	img.readConfig()
	return nil
}

// readConfig parses a config that holds and hands its diff IDs to the layers.
func (img *Image) readConfig() {
	if !img.Config.Holds() {
		return
	}
	config, err := parseConfig(img.Config.Bytes)
	if err != nil {
		img.Config.malformed(err)
		return
	}
	img.ConfigFile = config
	if p := config.Platform(); p != nil && p.OS != "" {
		img.Platform = *p
	}
	ids := config.RootFS.DiffIDs
	if len(ids) != len(img.Layers) {
		img.Config.Problem = ProblemLayerCount
		img.Config.Detail = fmt.Sprintf("the config has %d diff IDs, the manifest %d layers", len(ids), len(img.Layers))
		return
	}
	for i := range img.Layers {
		img.Layers[i].DiffID = hashString(ids[i])
	}
}
