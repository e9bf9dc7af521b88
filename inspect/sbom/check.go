package sbom

import (
	"context"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// Packages is the check that lists the packages of an image. It is blocked where no layer could be read, and where
// packages may be missing: then the packages that were found are emitted all the same.
func Packages(c *Cataloguer) engine.Check {
	return engine.Check{
		Name: inspect.CheckPackages, Needs: []string{inspect.CheckLayers}, Limit: layer.WorkLimit,
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image := on.Image()
			layers := ofManifest(image.Layers)
			emit(inspect.Event{Fact: inspect.Progress{Text: "cataloguing packages"}})
			if !anyHolds(layers) && (len(layers) > 0 || image.Status != inspect.Verified) {
				return engine.Unchecked("no layer of the image could be read")
			}
			found, err := c.load(ctx, image.Key(), layers, image.Status == inspect.Verified)
			if err != nil {
				return err
			}
			emitPackages(found.packages, emit)
			return report(found, layers, emit)
		},
	}
}

// emitPackages emits the packages in batches. There is always one, so that a retry that finds fewer is no mixture.
func emitPackages(list []inspect.Package, emit func(inspect.Event)) {
	for at := 0; at < len(list) || at == 0; at += inspect.PackageBatch {
		end := min(at+inspect.PackageBatch, len(list))
		emit(inspect.Event{Fact: inspect.Packages{Offset: at, List: list[at:end]}})
	}
}

// report emits the SBOM that was made, and whether it can hold all packages. An SBOM that may lack packages is unknown,
// never verified.
func report(found catalogue, layers []inspect.Layer, emit func(inspect.Event)) error {
	row := inspect.SBOM{Origin: "generated", Format: "syft", Packages: len(found.packages), Status: inspect.Verified}
	var why []string
	if left := missing(layers); left != "" {
		why = append(why, left)
	}
	if len(found.unread) > 0 {
		why = append(why, "could not be read: "+strings.Join(found.unread, "; "))
	}
	if len(why) > 0 {
		row.Status, row.Reason = inspect.Unknown, inspect.ReasonUnreadable
	}
	emit(inspect.Event{Fact: row})
	if len(why) > 0 {
		return engine.Unchecked("packages may be missing: %s", strings.Join(why, "; "))
	}
	return nil
}

// ofManifest are the layers without the history entries that have none.
func ofManifest(all []inspect.Layer) []inspect.Layer {
	var layers []inspect.Layer
	for _, l := range all {
		if !l.Empty && l.Number >= 0 {
			layers = append(layers, l)
		}
	}
	return layers
}

// anyHolds reports whether any layer was read and is its digest.
func anyHolds(layers []inspect.Layer) bool {
	for _, l := range layers {
		if l.Status == inspect.Verified {
			return true
		}
	}
	return false
}

// missing names the layers that could not be read, empty where all could.
func missing(layers []inspect.Layer) string {
	var left []string
	for _, l := range layers {
		if l.Status != inspect.Verified {
			left = append(left, fmt.Sprintf("layer %d (%s)", l.Number, l.Reason))
		}
	}
	if len(left) == 0 {
		return ""
	}
	return strings.Join(left, ", ") + " could not be read"
}
