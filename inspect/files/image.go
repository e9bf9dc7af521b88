package files

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"
)

// LayeredImage is an image with its layers read.
type LayeredImage struct {
	Image  *registry.Image
	Layers []inspect.Layer // those of the manifest, lowest first
	blobs  []inspect.Blob  // of the layers, as a known-good's
}

// ImageLayers resolves an image by its location (in the form of registry.Parse) and ingests its layers. It is
// memoised: asking again costs nothing. Layers that could not be read are there, with their status.
func (c *Cache) ImageLayers(ctx context.Context, client *registry.Client, location string, platform v1.Platform) ([]inspect.Layer, *registry.Image, error) {
	got, err := c.layered(ctx, client, location, platform)
	if err != nil {
		return nil, nil, err
	}
	return got.Layers, got.Image, nil
}

func (c *Cache) layered(ctx context.Context, client *registry.Client, location string, platform v1.Platform) (*LayeredImage, error) {
	key := location + " " + platform.String()
	got, err := c.images.get(ctx, key, func(ctx context.Context) (*LayeredImage, error) {
		loc, err := registry.Parse(location)
		if err != nil {
			return nil, err
		}
		img, err := client.Resolve(ctx, loc, platform)
		if err != nil {
			return nil, fmt.Errorf("reading image %s: %w", location, err)
		}
		li := &LayeredImage{Image: img}
		watch := &Watch{Layer: func(in Ingested) {
			if b, ok := layerBlob(in, "known-good"); ok {
				li.blobs = append(li.blobs, b)
			}
		}}
		if li.Layers, err = c.IngestAll(ctx, client, img, watch); err != nil {
			return nil, fmt.Errorf("reading image %s: %w", location, err)
		}
		return li, nil
	})
	if err != nil {
		return nil, err
	}
	for _, l := range got.Layers {
		if l.Status == inspect.Unknown {
			c.images.forget(key) // who asks again means: try again
			break
		}
	}
	return got, nil
}

// Ingested is a layer that IngestAll has ended.
type Ingested struct {
	Layer  inspect.Layer
	Actual string // digest of the bytes that came, where they are not the layer's
}

// IngestAll ingests the layers of an image, newest first, a few at a time, and returns them lowest first. watch
// (which may be nil) hears how they come.
func (c *Cache) IngestAll(ctx context.Context, client *registry.Client, img *registry.Image, watch *Watch) ([]inspect.Layer, error) {
	layers := make([]inspect.Layer, len(img.Layers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(max(runtime.GOMAXPROCS(0), minParallel), maxParallel))
	for n := len(img.Layers) - 1; n >= 0; n-- {
		group.Go(func() error {
			return guarded(func() error {
				layer, actual, err := c.ingest(ctx, client, img, n, watch.progress(n))
				if err != nil {
					return err
				}
				layers[n] = layer
				watch.ended(Ingested{layer, actual})
				return nil
			})
		})
	}
	return layers, group.Wait()
}

// How many layers are read at a time. Each has about four goroutines and some megabytes of buffers.
const (
	minParallel = 2
	maxParallel = 4
)

// Watch hears how an image's layers come. A nil Watch hears nothing. Its calls are serialised.
type Watch struct {
	Progress func(done int64) // bytes read so far, of all layers
	Layer    func(Ingested)   // a layer has ended

	mu   sync.Mutex
	done map[int]int64
	sum  int64
}

func (w *Watch) progress(n int) func(int64) {
	if w == nil || w.Progress == nil {
		return nil
	}
	return func(done int64) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.done == nil {
			w.done = map[int]int64{}
		}
		w.sum += done - w.done[n]
		w.done[n] = done
		w.Progress(w.sum)
	}
}

func (w *Watch) ended(l Ingested) {
	if w == nil || w.Layer == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Layer(l)
}
