package pane

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// reasonSkipped is the reason of a layer that a person left out. It is the reason that the layers check writes.
const reasonSkipped = "skipped"

// MergedTree is the layer number that stands for the merged tree of all layers. It is below all numbers of layers,
// which count from 0.
const MergedTree = -1

// MergedID is the identity of the row of the merged image.
const MergedID = "merged"

// LayersKey is the check that reads the layers of a container's image.
func LayersKey(container string) inspect.Key {
	return inspect.Key{Check: inspect.CheckLayers, Container: container}
}

// Running reports whether a layer is being read, or waits for it.
func Running(l inspect.Layer) bool { return l.Reason == inspect.Running }

// Skipped reports whether a person left out the layer.
func Skipped(l inspect.Layer) bool { return l.Reason == reasonSkipped }

// Listed reports whether a layer was read to its end, so that its files can be shown, whatever else is wrong with it.
// The diff ID is that which was computed while the layer was read; a layer that was not read has none.
func Listed(l inspect.Layer) bool { return !l.Empty && l.DiffID != "" && !Running(l) }

// unread reports whether a layer could not be read, and is not being read. A layer whose bytes do not match is no
// longer unknown but failed: reading it again would give the same.
func unread(l inspect.Layer) bool { return !l.Empty && l.Status == inspect.Unknown && !Running(l) }

// UnreadLayers are the checks that read layers again: those of images with a layer that could not be read. The check
// reads all layers of an image, and takes those that it has from the cache.
func UnreadLayers(c *inspect.Case) []inspect.Key {
	var keys []inspect.Key
	for i := range c.Images {
		for _, l := range c.Images[i].Layers {
			if unread(l) {
				keys = append(keys, LayersKey(imageContainer(c.Images[i])))
				break
			}
		}
	}
	return keys
}

// BaseLayers are those that the image did not add itself, as far as that is known: at least the first one, where
// there are more. A layer 0 without others may be the image's own: FROM scratch with one COPY.
func BaseLayers(i inspect.Image) map[int]bool {
	base := map[int]bool{}
	for _, l := range i.Layers {
		if !l.Empty && (l.Base || l.Number == 0 && len(i.Layers) > 1) {
			base[l.Number] = true
		}
	}
	return base
}

// StepOf is the build step of a layer, empty where it is not known. Steps are claims of whoever built the image: the
// history is free text of the config.
func StepOf(i inspect.Image, layer int) string {
	for _, l := range i.Layers {
		if l.Number == layer && !l.Empty {
			return l.CreatedBy
		}
	}
	return ""
}

// LayerOf is the layer of a file that something was found about, or -1. It covers only files that are rows: for any
// other the merged tree has the layer.
func LayerOf(i inspect.Image, path string) int {
	for _, b := range i.Binaries {
		if b.Path == path {
			return b.Layer
		}
	}
	for _, a := range i.Altered {
		if a.Path == path {
			return a.Layer
		}
	}
	return -1
}

// LayerState writes how a layer is; one that is still being read has no verdict yet. The word is that of the outcome,
// which differs between a list of layers and a tree without files.
func LayerState(d *widget.Document, l inspect.Layer, word string) {
	if Running(l) {
		detail := l.Detail
		if detail == "" {
			detail = "still being read"
		}
		d.Put(widget.ToneDim, "… ", strings.TrimSpace(fmt.Sprintf("layer %d: %s", l.Number, detail)))
		return
	}
	d.Outcome(label.Sign(l.Status), word, strings.Trim(l.Reason+": "+l.Detail, ": "))
}

// Traces writes what is left of an image that its registry no longer has.
func Traces(d *widget.Document, i inspect.Image) {
	if len(i.Left) > 0 {
		d.Heading("What is left of it")
		d.Bullets(i.Left)
		d.Gap()
	}
}
