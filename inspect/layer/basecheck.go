package layer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Base is the check that finds which image this one was built upon, by what provenance names as its materials, and
// by the images that this machine has read before: where the lowest layers are all of another image's, they are its,
// whatever is claimed. more are checks to wait for besides the layers: provenance.
func Base(cache *Cache, more ...string) engine.Check {
	return engine.Check{
		Name: inspect.CheckBase, Needs: append([]string{inspect.CheckLayers}, more...),
		Run: func(_ context.Context,
			on engine.On, emit func(inspect.Event),
		) error {
			image := on.Image()
			layers := manifestLayers(image.Layers)
			if len(layers) == 0 {
				return engine.Nothing("no layers are known")
			}
			certain, found := bases{cache}.seenBelow(layers), false
			for _, m := range imageMaterials(image.Provenance) {
				b := bases{cache}.builtFrom(m, layers, image.Platform)
				found = true
				emit(inspect.Event{Fact: *b.setting()})
				if b.layers > 0 && b.layers >= certain.layers {
					certain = b
				}
			}
			if certain.layers > 0 && certain.source == seenHere {
				found = true
				emit(inspect.Event{Fact: *certain.setting()})
			}
			if !found {
				return engine.Nothing("only the history shows what the image was built upon")
			}
			certain.remark(image.Layers, emit)
			return nil
		},
	}
}

// seenHere stands in the place of a source for a base that only the cache of this machine shows.
const seenHere = "this machine"

// remark emits the rows again whose origin is another than was guessed. What provenance or the past shows can only
// widen what is the base's: an image in between may not have been seen.
func (b baseImage) remark(rows []inspect.Layer, emit func(inspect.Event)) {
	if b.layers <= 0 {
		return
	}
	marked := slices.Clone(rows)
	b.mark(marked)
	for i, l := range marked {
		if l.Base && !rows[i].Base {
			emit(inspect.Event{Fact: l})
		}
	}
}

// manifestLayers leaves out the steps without a layer.
func manifestLayers(rows []inspect.Layer) []inspect.Layer {
	return slices.DeleteFunc(slices.Clone(rows), func(l inspect.Layer) bool { return l.Empty })
}

// material is an image that a build was made of, by its provenance.
type material struct {
	name, digest, source string
}

// imageMaterials are the images among the materials of all statements: the base, and in a build of several stages the
// others too. A signed statement that was verified comes first.
func imageMaterials(statements []inspect.Provenance) []material {
	var all []material
	add := func(p inspect.Provenance, source string) {
		for _, m := range p.Materials {
			if name := imageName(m.URI); name != "" && registry.IsDigest(m.Digest) && len(all) < MaxMaterials &&
				!slices.ContainsFunc(all, func(o material) bool { return o.digest == m.Digest }) {
				all = append(all, material{name, m.Digest, source})
			}
		}
	}
	for _, p := range statements {
		if p.Signed && p.Status == inspect.Verified {
			add(p, "its signed provenance")
		}
	}
	for _, p := range statements {
		if !p.Signed || p.Status != inspect.Verified {
			add(p, "its provenance, which is a claim,")
		}
	}
	return all
}

// imageName reads the URI of a material that is an image: BuildKit's pkg:docker/NAME@TAG?platform=…,
// docker-image://NAME and oci://NAME; "" for others. pkg:docker/alpine@3.20?platform=linux%2Famd64 gives alpine:3.20.
func imageName(uri string) string {
	for _, scheme := range []string{"docker-image://", "oci://", "docker://"} {
		if rest, ok := strings.CutPrefix(uri, scheme); ok {
			name, _, _ := strings.Cut(rest, "@")
			return name
		}
	}
	rest, ok := strings.CutPrefix(uri, "pkg:docker/")
	if !ok {
		rest, ok = strings.CutPrefix(uri, "pkg:oci/")
	}
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	name, tag, tagged := strings.Cut(rest, "@")
	if decoded, err := url.PathUnescape(name); err == nil {
		name = decoded
	}
	if decoded, err := url.PathUnescape(tag); tagged && err == nil && !strings.HasPrefix(decoded, "sha256:") {
		name += ":" + decoded
	}
	return name
}

// builtFrom compares the layers with those of a material, where the store has its manifest.
func (c bases) builtFrom(m material, layers []inspect.Layer, platform string) baseImage {
	b := baseImage{name: m.name, digest: m.digest, source: m.source, layers: -1, material: true}
	known := c.layersOf(m.digest, ParsePlatform(platform))
	if len(known) == 0 {
		return b
	}
	n := 0
	for n < len(layers) && n < len(known) && layers[n].Digest == known[n] {
		n++
	}
	b.layers = 0
	if n == len(known) {
		b.layers = n
	}
	return b
}

// recordStack holds, by the diff IDs of its layers from the lowest on, which image was read with them.
const recordStack = "stack"

// stackOf is the value of such a record.
type stackOf struct {
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
}

// stackKey names a stack of layers by their diff IDs: what the bytes are, not how they are packed.
func stackKey(layers []inspect.Layer) string {
	ids := make([]string, 0, len(layers))
	for _, l := range layers {
		ids = append(ids, l.DiffID)
	}
	return strings.Join(ids, " ")
}

// rememberStack keeps that an image has these layers, for those that are built upon it. Only proven layers are
// remembered: a record must not let one image pass for the base of another because a config claims so.
func (c bases) rememberStack(image inspect.Image, layers []inspect.Layer) error {
	layers = manifestLayers(layers)
	if len(layers) == 0 || slices.ContainsFunc(layers,
		func(l inspect.Layer) bool { return l.Status != inspect.Verified }) {
		return nil
	}
	data, err := json.Marshal(stackOf{image.Reference, image.Key()})
	if err != nil {
		return fmt.Errorf("encoding what an image is made of: %w", err)
	}
	return c.store.PutRecord(recordStack, stackKey(layers), data)
}

// seenBelow finds the largest image that this machine has read whose layers are the lowest ones of this one, all of
// them. An image is not its own base, and the layers have to be all of the other image's.
func (c bases) seenBelow(layers []inspect.Layer) baseImage {
	known := len(layers) // those that were proven
	if at := slices.IndexFunc(layers, func(l inspect.Layer) bool {
		return l.DiffID == "" ||
			l.Status != inspect.Verified
	}); at >= 0 {
		known = at
	}
	for n := min(known, len(layers)-1); n > 0; n-- {
		data, err := c.store.Record(recordStack, stackKey(layers[:n]))
		var s stackOf
		if err != nil || json.Unmarshal(data, &s) != nil {
			continue
		}
		return baseImage{name: cmp.Or(s.Reference, s.Digest), digest: s.Digest, source: seenHere, layers: n}
	}
	return baseImage{layers: -1}
}
