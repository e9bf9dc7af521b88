package layer

import (
	"bytes"
	"cmp"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Annotations of a manifest, or labels of a config, by which a builder names the image that it built upon
// (https://github.com/opencontainers/image-spec/blob/main/annotations.md).
const (
	annotationBaseName   = "org.opencontainers.image.base.name"
	annotationBaseDigest = "org.opencontainers.image.base.digest"
)

// baseImage is the image that another one is built upon, as its builder or this machine's past has it.
type baseImage struct {
	name, digest string
	source       string // where the name stands, as the beginning of a sentence
	layers       int    // of the manifest, from the lowest on, that are its; -1 where nothing was compared
	mismatch     bool   // it is known, and its layers are not the lowest ones
	// of a build, which may have several: one whose layers are not the lowest ones was another stage
	material bool
}

// bases finds the images that others were built on, among the layers that the cache holds.
type bases struct{ *Cache }

// baseOf reads what manifest and config name as the base image. Where the store has the manifest of that digest, from
// an earlier case, its layers are compared: then it is no claim any more. No registry is queried: the base may lie
// in one that has nothing to do with this case.
func (c bases) baseOf(img *registry.Image) (baseImage, bool) {
	b := baseImage{layers: -1}
	if img.ManifestFile != nil {
		b.name, b.digest, b.source = img.ManifestFile.Annotations[annotationBaseName],
			img.ManifestFile.Annotations[annotationBaseDigest], "an annotation of its manifest"
	}
	if b.name == "" && b.digest == "" && img.ConfigFile != nil {
		labels := img.ConfigFile.Config.Labels
		b.name, b.digest, b.source = labels[annotationBaseName], labels[annotationBaseDigest], "a label of its config"
	}
	if b.name == "" && b.digest == "" {
		return b, false
	}
	if known := c.layersOf(b.digest, img.Platform); len(known) > 0 {
		b.layers = sharedLayers(img.Layers, known)
		if b.mismatch = b.layers < len(known); b.mismatch {
			b.layers = -1
		}
	}
	return b, true
}

// layersOf gives the layer digests of a manifest, or of the one for a platform in an index, that the store has; none
// otherwise. The store has it under its digest, so that it is what it claims to be; which image it is of is still a
// claim.
func (c bases) layersOf(digest string, platform v1.Platform) []string {
	for range 2 { // an index, then a manifest
		if !registry.IsDigest(digest) {
			return nil
		}
		data, err := c.store.Read(digest, registry.MaxManifest)
		if err != nil {
			return nil
		}
		if m, err := v1.ParseManifest(bytes.NewReader(data)); err == nil && len(m.Layers) > 0 {
			var list []string
			for _, l := range m.Layers {
				list = append(list, l.Digest.String())
			}
			return list
		}
		index, err := v1.ParseIndexManifest(bytes.NewReader(data))
		if err != nil {
			return nil
		}
		digest = ""
		for _, m := range index.Manifests {
			if m.Platform != nil && m.Platform.Satisfies(platform) {
				digest = m.Digest.String()
				break
			}
		}
	}
	return nil
}

// sharedLayers counts how many of the lowest layers two images have in common, by the digests of their blobs: the same
// content in other packing counts as another layer, which errs on the side of the image's own. An attacker gains
// nothing by equal digests: the layers are then equal.
func sharedLayers(layers []registry.Layer, known []string) int {
	n := 0
	for n < len(layers) && n < len(known) && layers[n].Digest() == known[n] {
		n++
	}
	return n
}

// mark puts what is certain of the base onto the rows, in place of what was guessed. Steps without a layer belong to
// the base up to its last layer.
func (b baseImage) mark(rows []inspect.Layer) {
	if b.layers < 0 {
		return
	}
	last := -1
	for i, r := range rows {
		if !r.Empty && r.Number < b.layers {
			last = i
		}
	}
	for i := range rows {
		rows[i].Base = i <= last
	}
}

// setting words what the image is built upon, and where that is written.
func (b baseImage) setting() *inspect.Setting {
	s := &inspect.Setting{Code: inspect.CodeBaseImage, Severity: inspect.Info}
	s.Detail = fmt.Sprintf("%s names %s as its base image", b.source, cmp.Or(b.name, b.digest))
	if b.source == seenHere {
		s.Detail = fmt.Sprintf("its lowest %d layers are those of %s (%s), which was read here before", b.layers,
			b.name, b.digest)
		s.Basis = inspect.Seen
		return s
	}
	if b.material {
		s.Code, s.Detail = inspect.CodeBuiltFrom, fmt.Sprintf("%s names %s among what it was built from", b.source,
			cmp.Or(b.name, b.digest))
	}
	if b.name != "" && b.digest != "" {
		s.Detail += " (" + b.digest + ")"
	}
	switch {
	case b.mismatch:
		s.Code, s.Severity = inspect.CodeBaseMismatch, inspect.Low
		s.Detail += ", but its lowest layers are not those of that image"
	case b.material && b.layers == 0:
		s.Detail += "; its layers are not the lowest ones: it was used on the way"
	case b.layers >= 0:
		s.Detail += fmt.Sprintf(", and its lowest %d layers are those of that image", b.layers)
		s.Basis = inspect.Seen
	default:
		s.Detail += "; that image was not compared, since it was not read before"
	}
	return s
}

// Origin is what manifest, config and history of an image show of what it was built upon. All of it is a claim of
// whoever built the image.
type Origin struct {
	Name    string    // of the base image as its builder named it, else its digest; empty where it did not
	Created time.Time // of the newest step of the base image; zero where no step is known to be one
	Lowest  string    // diff ID of the lowest layer; empty where the config does not hold
}

// OriginOf reads the origin of an image without its layers. It reads no registry and no store. A forged base name makes
// an image look official, so that it is shown as a claim.
func OriginOf(img *registry.Image) Origin {
	var o Origin
	if len(img.Layers) > 0 {
		o.Lowest = img.Layers[0].DiffID
	}
	if img.ManifestFile != nil {
		a := img.ManifestFile.Annotations
		o.Name = cmp.Or(a[annotationBaseName], a[annotationBaseDigest])
	}
	if o.Name == "" && img.ConfigFile != nil {
		l := img.ConfigFile.Config.Labels
		o.Name = cmp.Or(l[annotationBaseName], l[annotationBaseDigest])
	}
	for _, row := range history(img) {
		if row.Base && row.Created.After(o.Created) {
			o.Created = row.Created.Time
		}
	}
	return o
}
