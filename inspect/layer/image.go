package layer

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// LayeredImage is an image with its layers read.
type LayeredImage struct {
	Image  *registry.Image
	Layers []inspect.Layer // those of the manifest, lowest first
	Blobs  []inspect.Blob  // of the layers, as a known-good's
}

// ImageLayers is ReadImage without progress.
func (c *Cache) ImageLayers(ctx context.Context, client *registry.Client, location string,
	platform v1.Platform,
) ([]inspect.Layer, *registry.Image, error) {
	got, err := c.ReadImage(ctx, client, location, platform, nil)
	if err != nil {
		return nil, nil, err
	}
	return got.Layers, got.Image, nil
}

// ReadImage resolves an image by its location (in the form of registry.Parse) and ingests its layers. It is memoised: a
// second call costs nothing. Layers that could not be read are there, with their status; as long as there is one, the
// next call reads again. progress, which may be nil, is called with how far the reading is, also where another call
// began it.
func (c *Cache) ReadImage(ctx context.Context, client *registry.Client, location string, platform v1.Platform,
	progress func(inspect.Progress),
) (*LayeredImage, error) {
	open := func(ctx context.Context) (*registry.Image, error) {
		loc, err := registry.Parse(location)
		if err != nil {
			return nil, err
		}
		return client.Resolve(ctx, loc, platform)
	}
	return c.readImage(ctx, client, location+" "+platform.String(), open, progress)
}

// ReadKnownGood is ReadImage of an image that was resolved before, by the digests that it had. The tag that it had may
// have moved since: only digests are used.
func (c *Cache) ReadKnownGood(
	ctx context.Context, client *registry.Client, good inspect.KnownGood, progress func(inspect.Progress),
) (*LayeredImage, error) {
	pin, err := registry.ParsePin(good.Location, good.Index, good.Digest, good.Config)
	if err != nil {
		return nil, err
	}
	open := func(ctx context.Context) (*registry.Image, error) { return client.Reopen(ctx, pin) }
	return c.readImage(ctx, client, good.Location+" "+good.Key(), open, progress)
}

// readImage opens an image and ingests its layers, once for each key. Concurrent calls for one key share the reading
// and its error.
func (c *Cache) readImage(
	ctx context.Context, client *registry.Client, key string, open func(context.Context) (*registry.Image, error),
	progress func(inspect.Progress),
) (*LayeredImage, error) {
	if progress != nil {
		c.follow(key, progress)
		defer c.follow(key, nil)
	}
	got, err := c.images.Get(ctx, key, func(ctx context.Context) (*LayeredImage, error) {
		img, err := open(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading image %s: %w", key, err)
		}
		li := &LayeredImage{Image: img}
		watch := &Watch{Progress: func(p inspect.Progress) { c.report(key, p) }, Layer: func(in Ingested) {
			if b, ok := layerBlob(in, "known-good"); ok {
				li.Blobs = append(li.Blobs, b)
			}
		}}
		if li.Layers, err = c.IngestAll(ctx, client, img, watch); err != nil {
			return nil, fmt.Errorf("reading image %s: %w", key, err)
		}
		return li, nil
	})
	if err != nil {
		return nil, err
	}
	for _, l := range got.Layers {
		if l.Status == inspect.Unknown {
			c.images.Forget(key) // a later call is another try
			break
		}
	}
	return got, nil
}

// bytes estimates what an image takes in memory: mostly its manifest and its config. Manifest and config are kept as
// bytes and as parsed values, hence the factor.
func (li *LayeredImage) bytes() int64 {
	const layerBytes = 1000
	sum := int64(len(li.Layers)+len(li.Blobs)) * layerBytes
	if li.Image != nil {
		sum += 3 * int64(len(li.Image.Manifest.Bytes)+len(li.Image.Config.Bytes)+len(li.Image.Index.Bytes))
	}
	return sum
}

// follow sets the function that is called with the progress of an image, by the key of the memo; nil ends that. Each
// key has one: the last caller is shown the progress, the others wait without it.
func (c *Cache) follow(key string, progress func(inspect.Progress)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.followers == nil {
		c.followers = map[string]func(inspect.Progress){}
	}
	if progress == nil {
		delete(c.followers, key)
		return
	}
	c.followers[key] = progress
}

// report passes progress on without holding the lock: the function may take its time.
func (c *Cache) report(key string, p inspect.Progress) {
	c.mu.Lock()
	told := c.followers[key]
	c.mu.Unlock()
	if told != nil {
		told(p)
	}
}
