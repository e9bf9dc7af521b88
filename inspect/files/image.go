package files

import (
	"context"
	"errors"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// LayeredImage is an image with its layers read.
type LayeredImage struct {
	Image  *registry.Image
	Layers []inspect.Layer // those of the manifest, lowest first
}

var errTODO = errors.New("not yet there")

// ImageLayers resolves an image by its location (in the form of registry.Parse) and ingests its layers. It is
// memoised: asking again costs nothing. Layers that could not be read are there, with their status.
func (c *Cache) ImageLayers(ctx context.Context, client *registry.Client, location string, platform v1.Platform) ([]inspect.Layer, *registry.Image, error) {
	return nil, nil, errTODO
}

// Ingest reads a layer in one pass: verifies it, keeps it, and indexes its tar. What does not hold is in the layer's
// Status, Reason and Detail; an error means that the context ended or that the store cannot be written. A layer whose
// blob digest was read and proven before is taken from the store. progress (which may be nil) hears how many bytes of
// the layer, as stored, were read.
func (c *Cache) Ingest(ctx context.Context, client *registry.Client, img *registry.Image, number int, progress func(done int64)) (inspect.Layer, error) {
	return inspect.Layer{}, errTODO
}
