package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// place is where manifests and blobs are: a repository of a registry, a layout, or a docker-save form.
type place interface {
	// blob streams a blob as it is there, unverified. Errors: ErrNotFound.
	blob(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error)
}

// readPart reads what a descriptor names, verified. Errors are those that prove nothing about the part itself.
func readPart(ctx context.Context, from place, desc v1.Descriptor, limit int64) (Part, error) {
	if p, other := otherHashed(desc); other {
		return p, nil
	}
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
		// A copy that rotted on our disk is gone now, and proves nothing about the image: the next try reads from the
		// registry.
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
	repo, err := c.repository(ctx, loc)
	if err != nil {
		return nil, err
	}
	root, err := repo.manifest(ctx, firstOf(loc.Digest, loc.Tag))
	if err != nil {
		return nil, err
	}
	img := &Image{Location: loc}
	return img, repo.resolver().fill(ctx, img, root, platform)
}

func (c *Client) resolveLocal(ctx context.Context, loc Location, platform v1.Platform) (*Image, error) {
	opened, err := c.locals.get(ctx, loc)
	if err != nil {
		return nil, err
	}
	loc.Kind = opened.kind
	layout, docker := opened.reads()
	if docker != nil {
		img, err := docker.resolve(loc)
		if err == nil {
			img.Conflict = opened.conflict(ctx)
		}
		return img, err
	}
	desc, err := layout.image(ctx, loc)
	if err != nil {
		return nil, err
	}
	root, err := readPart(ctx, layout, desc, MaxManifest)
	if err != nil {
		return nil, err
	}
	img := &Image{Location: loc, Names: layout.names(root.Digest), Conflict: opened.conflict(ctx)}
	return img, layout.resolver().fill(ctx, img, root, platform)
}

// resolver returns how the parts of a place are read.
func (c *Client) resolver(ctx context.Context, loc Location) (resolver, error) {
	if !loc.Local() {
		repo, err := c.repository(ctx, loc)
		if err != nil {
			return resolver{}, err
		}
		return repo.resolver(), nil
	}
	opened, err := c.locals.get(ctx, loc)
	if err != nil {
		return resolver{}, err
	}
	layout, _ := opened.reads()
	if layout == nil {
		return resolver{}, fmt.Errorf("docker save keeps no manifests: %w", ErrNotFound)
	}
	return layout.resolver(), nil
}

// manifestPart reads what a descriptor names; a missing manifest is a Part with a Problem.
func (c *Client) manifestPart(ctx context.Context, loc Location, desc v1.Descriptor) (Part, error) {
	reader, err := c.resolver(ctx, loc)
	if err != nil {
		return Part{}, err
	}
	return reader.manifest(ctx, desc)
}

// resolver reads from a registry. Every child counts as present: it is not known before it is requested.
func (r *repository) resolver() resolver {
	return resolver{
		manifest: r.manifestPart,
		config: func(ctx context.Context, desc v1.Descriptor) (Part, error) {
			return r.keep(readPart(ctx, r, desc, MaxConfig))
		},
		has: func(string) bool { return true },
	}
}

// resolver reads from a layout, which may hold one of several platforms.
func (l *layout) resolver() resolver {
	return resolver{
		manifest: func(ctx context.Context, desc v1.Descriptor) (Part, error) {
			return readPart(ctx, l, desc, MaxManifest)
		},
		config: func(ctx context.Context, desc v1.Descriptor) (Part, error) {
			return readPart(ctx, l, desc,
				MaxConfig)
		},
		has: l.has,
	}
}

// resolver follows an image from its root down to the config.
type resolver struct {
	manifest func(ctx context.Context, desc v1.Descriptor) (Part, error)
	config   func(ctx context.Context, desc v1.Descriptor) (Part, error)
	has      func(digest string) bool // whether a child is there; for registries always
}

// fill follows root to the manifest and config that a node of the platform would run. Indexes may lie inside indexes.
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
	picked, part, doc, err := r.descend(ctx, img, doc, platform)
	if err != nil {
		return err
	}
	if err := r.fillManifest(ctx, img, part, doc); err != nil {
		return err
	}
	// An entry without a platform fits every node in an index; its config may still be for another one, and a runtime
	// finds that out only then.
	if img.ConfigFile != nil && picked.chosen.Platform == nil && !runsOn(img.ConfigFile, picked.want) {
		have := platformsOf([]v1.Descriptor{{Platform: img.ConfigFile.Platform()}})
		return &PlatformError{Want: picked.want, Have: have, Index: img.Index.Digest, Candidates: img.Candidates}
	}
	return r.compareRivals(ctx, img)
}

// descend chooses in an index, and in the indexes below it, until it reads a manifest. doc is that of img.Index.
func (r resolver) descend(ctx context.Context, img *Image, doc document, platform v1.Platform) (choice, Part,
	document, error,
) {
	for depth := 1; ; depth++ {
		picked, err := choose(doc.index, platform, r.has)
		var none *PlatformError
		if errors.As(err, &none) {
			none.Index = img.Index.Digest
		}
		if err != nil {
			return choice{}, Part{}, document{}, err
		}
		if p := picked.chosen.Platform; p != nil {
			img.Platform = *p
		}
		part, err := r.manifest(ctx, picked.chosen)
		if err != nil {
			return choice{}, Part{}, document{}, fmt.Errorf("reading manifest %s: %w", picked.chosen.Digest, err)
		}
		if doc, err = readDocument(&part); err != nil {
			return choice{}, Part{}, document{}, err
		}
		img.addCandidates(picked.list, doc.index != nil)
		if doc.index == nil {
			return picked, part, doc, nil
		}
		if depth == MaxIndexDepth {
			part.malformed(&LimitError{What: "depth of indexes inside indexes", Limit: MaxIndexDepth})
			return picked, part, document{}, nil
		}
		img.Nested = append(img.Nested, part)
	}
}

// addCandidates notes what one index offers. A chosen entry that is an index itself is replaced by what that one
// offers.
func (img *Image) addCandidates(list []Candidate, nested bool) {
	for _, c := range list {
		if !c.Chosen || !nested {
			img.Candidates = append(img.Candidates, c)
		}
	}
}

// runsOn reports whether the platform of a config fits the one that was asked for. A config without one fits all.
func runsOn(config *v1.ConfigFile, want v1.Platform) bool {
	if want.OS == "" && want.Architecture == "" || config.Architecture == "" {
		return true
	}
	return rank(want).fits(v1.Platform{
		OS: config.OS, Architecture: config.Architecture, Variant: config.Variant,
		OSVersion: config.OSVersion,
	})
}

// compareRivals reads which config each rival names: the same config is the same content, as where an index lists an
// image once with gzip and once with zstd layers. A rival that cannot be read stays without a config.
func (r resolver) compareRivals(ctx context.Context, img *Image) error {
	read := 0
	for i := range img.Candidates {
		c := &img.Candidates[i]
		if c.Chosen {
			c.Config = img.Config.Digest
		}
		if !c.Rival || read == maxRivals {
			continue
		}
		read++
		part, err := r.manifest(ctx, descriptorOf(c.Digest))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !part.Holds() {
			continue
		}
		if doc, err := parseDocument(part.Bytes); err == nil && doc.manifest != nil {
			c.Config = hashString(doc.manifest.Config.Digest)
		}
	}
	return nil
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

// hasFileSystem reports whether a manifest has a layer that a runtime could run from, whatever its config is called.
func hasFileSystem(m *v1.Manifest) bool {
	return slices.ContainsFunc(m.Layers, func(d v1.Descriptor) bool {
		return isFileSystem(d.MediaType) ||
			formOf(d) != ""
	})
}

// fillManifest reads on from a manifest. One that is damaged leaves the image without layers and with its Problem; one
// that is sound and is no image is ErrNotFound.
func (r resolver) fillManifest(ctx context.Context, img *Image, part Part, doc document) error {
	img.Manifest, img.ManifestFile = part, doc.manifest
	if doc.manifest == nil {
		return nil
	}
	config := doc.manifest.Config
	if !isImageConfig(string(config.MediaType)) && !hasFileSystem(doc.manifest) {
		return fmt.Errorf("it is no image but %s: %w", config.MediaType, ErrNotFound)
	}
	for i, d := range doc.manifest.Layers {
		img.Layers = append(img.Layers, Layer{Number: i, Descriptor: d, Form: formOf(d)})
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
	// The config is kept: its history and settings are those of its digest, only which diff ID belongs to which layer
	// is not known.
	if len(ids) != len(img.Layers) {
		img.Config.Problem = ProblemLayerCount
		img.Config.Detail = fmt.Sprintf("the config has %d diff IDs, the manifest %d layers", len(ids), len(img.Layers))
		return
	}
	for i := range img.Layers {
		img.Layers[i].DiffID = hashString(ids[i])
	}
}
