package registry

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Stack lists the digests of an image's layers, the lowest first, from its manifests alone: neither its config nor a
// layer is read. stored asks no registry: what the store does not have is ErrNotFound then. Errors: ErrNotFound,
// *PlatformError, *DigestError, *RateLimitError.
func (c *Client) Stack(ctx context.Context, loc Location, platform v1.Platform, stored bool) ([]string, error) {
	read := func(digest string) (document, error) { return c.readManifest(ctx, loc, digest, stored) }
	doc, err := read(firstOf(loc.Digest, loc.Tag))
	for depth := 0; err == nil && doc.index != nil; depth++ {
		if depth == MaxIndexDepth {
			err = &LimitError{What: "depth of indexes inside indexes", Limit: MaxIndexDepth}
			break
		}
		var picked choice
		// every child counts as present: nothing is read to find out
		if picked, err = choose(doc.index, platform, func(string) bool { return true }); err == nil {
			doc, err = read(hashString(picked.chosen.Digest))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", loc, err)
	}
	var layers []string
	for _, l := range doc.manifest.Layers {
		layers = append(layers, hashString(l.Digest))
	}
	return layers, nil
}

// Manifests lists the digests of the manifests that an index names, none where the digest is that of a manifest itself.
// Errors: as Stack.
func (c *Client) Manifests(ctx context.Context, loc Location, digest string) ([]string, error) {
	doc, err := c.readManifest(ctx, loc, digest, false)
	if err != nil || doc.index == nil {
		return nil, err
	}
	var all []string
	for _, m := range doc.index.Manifests {
		all = append(all, hashString(m.Digest))
	}
	return all, nil
}

// readManifest reads and parses one manifest or index. A damaged one is an error.
func (c *Client) readManifest(ctx context.Context, loc Location, tagOrDigest string, stored bool) (document, error) {
	if stored {
		if !IsDigest(tagOrDigest) {
			return document{}, ErrNotFound
		}
		data, err := c.opts.Store.Read(tagOrDigest, MaxManifest)
		if err != nil {
			return document{}, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		return parseDocument(data)
	}
	part, err := c.Manifest(ctx, loc, tagOrDigest)
	switch {
	case err != nil:
		return document{}, err
	case !part.Holds():
		return document{}, fmt.Errorf("%s: %s", part.Problem, part.Detail)
	}
	return parseDocument(part.Bytes)
}
