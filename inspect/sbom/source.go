package sbom

import (
	"context"
	"strings"

	stereoscope "github.com/anchore/stereoscope/pkg/file"
	"github.com/anchore/syft/syft/artifact"
	"github.com/anchore/syft/syft/file"
	"github.com/anchore/syft/syft/source"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// imageSource is an image as syft sees it: a description, and a resolver over our tree.
type imageSource struct {
	about    source.Description
	resolver *resolver
}

var _ source.Source = (*imageSource)(nil)

// newSource makes the source of an image. key is the digest that names it. It is used for one run: what was refused and
// found belongs to it.
func newSource(ctx context.Context, key string, layers []inspect.Layer, t *layer.Tree) *imageSource {
	// ImageMetadata by value: syft refuses a pointer, and any other type gets no cataloguers of images.
	about := source.ImageMetadata{UserInput: key, ID: key, ManifestDigest: key}
	for _, l := range layers {
		about.Layers = append(about.Layers, source.LayerMetadata{
			MediaType: l.MediaType, Digest: l.DiffID,
			Size: l.Size,
		})
		about.Size += l.Size
	}
	return &imageSource{
		about: source.Description{ID: strings.TrimPrefix(key, "sha256:"), Name: key, Version: key, Metadata: about},
		resolver: &resolver{
			ctx: ctx, tree: t, search: newSearch(t), nested: newArchiveBudget(),
			refs: map[*inspect.Node]stereoscope.Reference{}, refused: map[string]string{},
		},
	}
}

// ID names the source.
func (s *imageSource) ID() artifact.ID { return artifact.ID(s.about.ID) }

// FileResolver gives the resolver of the squashed scope; there is no other.
func (s *imageSource) FileResolver(source.Scope) (file.Resolver, error) { return s.resolver, nil }

// Describe describes what the source is.
func (s *imageSource) Describe() source.Description { return s.about }

// Close does nothing: the tree is the cache's.
func (s *imageSource) Close() error { return nil }
