package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// suspects are the images that a failed finding or an alert is about, in the order of the case. The answers are about
// these alone: a calm sidecar is not mentioned.
func suspects(c inspect.Case) []inspect.Image {
	var all []inspect.Image
	for _, i := range c.Images {
		if isSuspect(c, i) {
			all = append(all, i)
		}
	}
	return all
}

// isSuspect reports whether an image is in question: its bytes are not its digests, a finding failed, or an alert is
// about its container.
func isSuspect(c inspect.Case, i inspect.Image) bool {
	if i.Status == inspect.Failed || len(failedOf(c, i)) > 0 {
		return true
	}
	return slices.ContainsFunc(c.Alerts, func(a inspect.Alert) bool {
		return a.Match != inspect.MatchNone &&
			a.Subject == i.Container
	})
}

// failedOf are the failed findings about an image or a file in it.
// The colon keeps web from web-admin: no name of a container has one (RFC 1123 labels).
func failedOf(c inspect.Case, i inspect.Image) []inspect.Finding {
	return slices.DeleteFunc(failed(c), func(f inspect.Finding) bool {
		return f.Subject != i.Container && !strings.HasPrefix(f.Subject, i.Container+":")
	})
}

// image is the image of a container; one of that name and nothing else where the case has none, so that rules need
// not ask.
func image(c inspect.Case, subject string) inspect.Image {
	if i, ok := c.Image(subject); ok {
		return i
	}
	return inspect.Image{ImageHead: inspect.ImageHead{Container: subject}}
}

// container is that of a name, zero where the case has no pod or the pod no such container.
func container(c inspect.Case, subject string) inspect.Container {
	if c.Pod == nil {
		return inspect.Container{}
	}
	for _, k := range c.Pod.Containers {
		if k.Name == subject {
			return k
		}
	}
	return inspect.Container{}
}

// in names the container where a case has several images.
func in(c inspect.Case, i inspect.Image) string {
	if len(c.Images) < 2 {
		return ""
	}
	return "in " + text.Clean(i.Container) + ": "
}

// badPaths are the files of an image that failed or that an alert found in it, with the layers that brought them,
// sorted. An alert about an interpreter (Ran) names what it ran, which need not be bad.
// paths are in the order of importance, layers by number; one file may be in both lists once, whatever names it.
func badPaths(c inspect.Case, i inspect.Image) (paths []string, layers []int) {
	add := func(path string, layer int) {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
		if !slices.Contains(layers, layer) {
			layers = append(layers, layer)
		}
	}
	if p, layer, ok := leadFile(c, i); ok {
		add(p, layer)
	}
	for _, a := range c.Alerts {
		if a.Match != inspect.MatchNone && a.Subject == i.Container && a.File.Origin == inspect.OriginImage &&
			a.File.Layer >= 0 && a.Ran == nil {
			add(a.File.Path, a.File.Layer)
		}
	}
	for _, b := range i.Binaries {
		if b.Status == inspect.RowFailed {
			add(b.Path, b.Layer)
		}
	}
	for _, a := range i.Altered {
		if a.Status == inspect.RowFailed {
			add(a.Path, a.Layer)
		}
	}
	slices.Sort(layers)
	return paths, layers
}

// layer names a layer, its build step, and whether it is of the base image.
func layer(i inspect.Image, number int) string {
	l, ok := layerOf(i, number)
	if !ok {
		return "a layer that is not known"
	}
	text := fmt.Sprintf("layer %d", number)
	if l.CreatedBy != "" {
		text += fmt.Sprintf(" (build step: %s)", cut(buildStep(l.CreatedBy), 90))
	}
	if l.Base {
		text += ", which is of the base image"
	}
	return text
}

// buildStep is the instruction without what builders put around it: the shell of docker build, the mark of BuildKit.
func buildStep(by string) string {
	return strings.TrimSuffix(strings.TrimPrefix(text.Clean(by), "RUN /bin/sh -c "), " # buildkit")
}

// layerOf is the layer of that number; steps of the history without a layer have none.
func layerOf(i inspect.Image, number int) (inspect.Layer, bool) {
	at := slices.IndexFunc(i.Layers, func(l inspect.Layer) bool { return !l.Empty && l.Number == number })
	if at < 0 {
		return inspect.Layer{}, false
	}
	return i.Layers[at], true
}
