package main

import (
	"context"
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// The images, by the name that they have in the layout and as tags.
const (
	suspect   = "suspect"
	knownGood = "known-good" // all layers of the suspect but the top
	large     = "large"      // 2 GB in 200,000 files
)

// layersOf gives the layers of an image, lowest first.
var layersOf = map[string][]string{
	suspect:   {"debian", "vendor", "data", "app-2"},
	knownGood: {"debian", "vendor", "data", "app-1"},
	large:     {"many-1", "many-2"},
}

// layerFile gives the file of a layer, and makes it where it is not there. The Debian is kept for itself: it takes longest.
func layerFile(ctx context.Context, name, dir, work string) (string, error) {
	if name == "debian" {
		return made(dir, "debian-1.tar.gz", func(to string) error { return debianLayer(ctx, to) })
	}
	return made(work, name, func(to string) error { return makeLayer(name, to) })
}

// makeLayer packs a layer of files that are made here. What was added to the suspect is in its top layer.
func makeLayer(name, to string) error {
	const mib = 1 << 20
	app := sown{root: "srv/shop/bin", files: 40, size: mib / 4, seed: 1, program: true}
	switch name {
	case "vendor":
		return sownLayer(to, sown{root: "srv/shop/node_modules", files: 4000, size: 12 << 10, seed: 2})
	case "data":
		return sownLayer(to, sown{root: "srv/shop/data", files: 40, size: 2 * mib, seed: 3})
	case "app-1":
		return sownLayer(to, app)
	case "app-2":
		return sownLayer(to, app, sown{root: "srv/shop/bin/more", files: 4, size: mib / 4, seed: 4, program: true},
			sown{root: "usr/lib/.cache", files: 1, size: mib, seed: 5, program: true})
	case "many-1":
		return sownLayer(to, sown{root: "srv/many/a", files: 100_000, size: 10 << 10, seed: 6})
	case "many-2":
		return sownLayer(to, sown{root: "srv/many/b", files: 100_000, size: 10 << 10, seed: 7})
	default:
		return fmt.Errorf("making the layer %s: nobody knows it", name)
	}
}

// images gives an OCI layout with the images, which is made once.
func images(ctx context.Context, dir string) (layout.Path, error) {
	path, err := made(dir, "images-1", func(to string) error {
		work, err := os.MkdirTemp(dir, "layers-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		l, err := layout.Write(to, empty.Index)
		if err != nil {
			return err
		}
		for _, name := range []string{suspect, knownGood, large} {
			img, err := makeImage(ctx, name, dir, work)
			if err != nil {
				return err
			}
			tag := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": name})
			if err := l.AppendImage(img, tag); err != nil {
				return fmt.Errorf("keeping the image %s: %w", name, err)
			}
		}
		return nil
	})
	return layout.Path(path), err
}

func makeImage(ctx context.Context, name, dir, work string) (v1.Image, error) {
	say("making the image %s", name)
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		Architecture: "amd64", OS: "linux", RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{"/srv/shop/bin/d0/f0.js"}},
	})
	if err != nil {
		return nil, fmt.Errorf("making the image %s: %w", name, err)
	}
	for _, l := range layersOf[name] {
		file, err := layerFile(ctx, l, dir, work)
		if err != nil {
			return nil, err
		}
		packed, err := tarball.LayerFromFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the layer %s: %w", l, err)
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: packed, History: v1.History{CreatedBy: "COPY " + l + " / # bench"}}); err != nil {
			return nil, fmt.Errorf("appending the layer %s: %w", l, err)
		}
	}
	return img, nil
}

// imageOf finds an image of the layout.
func imageOf(l layout.Path, name string) (v1.Image, error) {
	index, err := l.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("reading the images: %w", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the images: %w", err)
	}
	for _, d := range manifest.Manifests {
		if match.Name(name)(d) {
			return index.Image(d.Digest)
		}
	}
	return nil, fmt.Errorf("reading the images: no %s in %s; remove that folder", name, l)
}
