package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

const (
	// maxStacks bounds the other images whose manifests are asked for; those that the store has are compared besides.
	maxStacks = 100
	// sharingPatience is how long manifests are asked for: the answers wait for it.
	sharingPatience = time.Minute
	// maxSharers bounds the pods that are named of one image.
	maxSharers = 200
)

// Sharing looks which other images that run in the cluster have the layers that brought what is wrong, by their
// manifests. Only registries that the case reads from anyway are asked.
func Sharing(o Options, needs ...string) engine.Check {
	o = o.withRoster()
	return engine.Check{Name: inspect.CheckSharing, Scope: engine.PerCase, Needs: needs, Run: func(ctx context.Context,
		on engine.On, emit func(inspect.Event),
	) error {
		if o.Pod == nil {
			return engine.Nothing("the target is not a pod")
		}
		c := on.Case()
		suspects := suspectImages(c)
		if len(suspects) == 0 {
			return engine.Nothing("no layer brought anything that is wrong")
		}
		peers, err := o.Roster.Peers(ctx)
		if err != nil {
			return engine.Unchecked("which other images run here is not known: %s", firstLine(err))
		}
		// Asking another registry would show it which images run here: only those that the case reads anyway get a
		// request.
		s := sharers{client: o.Client, hosts: hostsOf(c), platform: suspects[0].image.Platform}
		defect := s.read(ctx, groups(beside(peers, o.Pod), o.Pod.Namespace))
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("looking for the layers in other images: %w", err)
		}
		if defect != nil {
			return fmt.Errorf("looking for the layers in other images: %w", defect)
		}
		for _, i := range suspects {
			sharing := s.compare(i)
			emit(inspect.Event{Container: i.image.Container, Fact: sharing})
			if f, ok := i.finding(sharing); ok {
				emit(inspect.Event{Fact: f})
			}
		}
		return nil
	}}
}

// suspectImage is an image with the layers that brought what is wrong.
type suspectImage struct {
	image   inspect.Image
	layers  []int
	brought []string // paths
}

// suspectImages are the images with a layer that brought a failed file or the file of a matched alert.
func suspectImages(c inspect.Case) []suspectImage {
	var all []suspectImage
	for _, i := range c.Images {
		s := suspectImage{image: i}
		for _, b := range i.Binaries {
			if b.Status == inspect.RowFailed {
				s.add(b.Layer, b.Path)
			}
		}
		for _, a := range i.Altered {
			if a.Status == inspect.RowFailed {
				s.add(a.Layer, a.Path)
			}
		}
		// an alert alone marks a layer: what ran came from it, though no other check found it wrong
		for _, a := range c.Alerts {
			if a.Subject == i.Container && a.Match != inspect.MatchNone && a.File.Origin == inspect.OriginImage {
				s.add(a.File.Layer, a.File.Path)
			}
		}
		slices.Sort(s.layers)
		if len(s.layers) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// add marks a layer and a path that it brought. A layer whose digest is not known cannot be compared, and is left out.
func (s *suspectImage) add(layer int, path string) {
	at := slices.IndexFunc(s.image.Layers, func(l inspect.Layer) bool {
		return !l.Empty && l.Number == layer &&
			l.Digest != ""
	})
	if at < 0 {
		return
	}
	if !slices.Contains(s.layers, layer) {
		s.layers = append(s.layers, layer)
	}
	if !slices.Contains(s.brought, path) {
		s.brought = append(s.brought, path)
	}
}

// hostsOf are the registries that the case reads from.
func hostsOf(c inspect.Case) map[string]bool {
	hosts := map[string]bool{}
	for _, i := range c.Images {
		for _, name := range []string{i.Reference, i.Location} {
			if loc, err := registry.Parse(name); err == nil && !loc.Local() {
				hosts[loc.Host] = true
			}
		}
	}
	return hosts
}

// group is another image, with the pods that run it.
type group struct {
	reference, digest string
	location          registry.Location
	pods              []string
	near              bool // one of them is in the namespace of the pod

	layers []string // digests, once they are read
	read   bool
}

// groups are the images of other pods, those nearest to the pod and those that run most first.
func groups(peers []kube.Peer, namespace string) []*group {
	byDigest := map[string]*group{}
	var all []*group
	for _, p := range peers {
		for _, c := range p.Containers {
			loc, ok := placeOf(c)
			if !ok {
				continue
			}
			g := byDigest[c.Image.Digest]
			if g == nil {
				g = &group{reference: c.Reference, digest: c.Image.Digest, location: loc}
				byDigest[c.Image.Digest] = g
				all = append(all, g)
			}
			g.near = g.near || p.Namespace == namespace
			// pods come one after the other, each with all its containers: the last one is compared
			if !slices.Contains(g.pods[max(0, len(g.pods)-1):], p.Path()) {
				g.pods = append(g.pods, p.Path())
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *group) int {
		if a.near != b.near {
			if a.near {
				return -1
			}
			return 1
		}
		return cmp.Or(len(b.pods)-len(a.pods), strings.Compare(a.reference, b.reference),
			strings.Compare(a.digest, b.digest))
	})
	return all
}

// placeOf is where the image of a container is: as its pod names it, at the digest that the node reports. A node that
// reports a config's digest names no manifest.
func placeOf(c kube.PeerContainer) (registry.Location, bool) {
	if c.Image.Kind != kube.IDRepo {
		return registry.Location{}, false
	}
	loc, err := registry.ParseReference(c.Reference)
	if err != nil || loc.Local() {
		return registry.Location{}, false
	}
	return loc.At(c.Image.Digest), true
}

// sharers reads the manifests of the other images, each once.
type sharers struct {
	client   *registry.Client
	hosts    map[string]bool
	platform string
	all      []*group
	unread   int
	left     int
}

// compare describes which of the images have a suspect layer.
func (s *sharers) compare(i suspectImage) inspect.Sharing {
	out := inspect.Sharing{Suspect: i.layers, Unread: s.unread, Left: s.left, Others: []inspect.SharedImage{}}
	var mine []inspect.Layer
	for _, l := range i.image.Layers {
		if !l.Empty {
			mine = append(mine, l)
		}
	}
	for _, g := range s.all {
		// the image itself, under a digest of its index or manifest, is no other one
		if !g.read || g.digest == i.image.Index || g.digest == i.image.Digest {
			continue
		}
		out.Looked++
		o := inspect.SharedImage{
			Reference: g.reference, Digest: g.digest, Total: len(g.layers),
			Pods: g.pods[:min(len(g.pods), maxSharers)],
		}
		// equal layers from the bottom: a common base; a suspect layer above it was copied or built alike
		for o.Prefix < min(len(mine), len(g.layers)) && mine[o.Prefix].Digest == g.layers[o.Prefix] {
			o.Prefix++
		}
		for _, l := range mine {
			if slices.Contains(i.layers, l.Number) && slices.Contains(g.layers, l.Digest) {
				o.Layers = append(o.Layers, l.Number)
			}
		}
		if len(o.Layers) > 0 {
			out.Others = append(out.Others, o)
		}
	}
	slices.SortFunc(out.Others, func(a, b inspect.SharedImage) int {
		return cmp.Or(strings.Compare(a.Reference, b.Reference), strings.Compare(a.Digest, b.Digest))
	})
	return out
}

// refused reports whether a registry asks to be left alone for a while.
func refused(err error) bool {
	var limit *registry.RateLimitError
	return errors.As(err, &limit)
}
