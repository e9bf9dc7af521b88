package subject

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/backtrail/backtrail/inspect/engine"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Name is the name of the check that finds the images.
const Name = "subject"

// Check finds the images of a case: that of its target, or one for each container of its pod. An image that the
// registry no longer has is an image all the same, unknown with the reason.
func Check(o Options) engine.Check {
	return engine.Check{Name: Name, Scope: engine.PerCase, Resolves: true, Run: func(ctx context.Context, _ engine.On, emit func(inspect.Event)) error {
		if o.Pod == nil {
			return o.single(emit)
		}
		ctx = o.Trace(ctx, emit)
		node := o.node(ctx)
		platform, known := o.platform(node)
		var work sync.WaitGroup
		for _, c := range kube.Containers(o.Pod, nil) {
			if o.Container != "" && c.Name != o.Container {
				continue
			}
			work.Go(func() {
				r := &resolver{o: o, container: c, node: node, platform: platform, platformKnown: known}
				r.emit(ctx, emit)
			})
		}
		work.Wait()
		return nil
	}}
}

// single says the image of a target that is no pod; it was resolved before the case began.
func (o Options) single(emit func(inspect.Event)) error {
	if err := keep(o.Client.Store(), o.Image); err != nil {
		return fmt.Errorf("keeping manifest and config: %w", err)
	}
	for _, b := range Blobs(o.Image, "image") {
		emit(inspect.Event{Container: inspect.ImageContainer, Fact: b})
	}
	i := FromImage(o.Reference, o.Image)
	i.Container = inspect.ImageContainer
	emit(inspect.Event{Container: i.Container, Fact: i.ImageHead})
	return nil
}

// node reads the pod's node; nil where it cannot be read.
func (o Options) node(ctx context.Context) *kube.Node {
	if o.Pod.Spec.NodeName == "" {
		return nil
	}
	node, err := o.Cluster.Node(ctx, o.Pod.Spec.NodeName)
	if err != nil {
		return nil
	}
	return node
}

// platform gives the platform of the flag, else that of the pod's node.
func (o Options) platform(node *kube.Node) (p v1.Platform, known bool) {
	if o.Platform.OS != "" {
		return o.Platform, true
	}
	if node == nil || node.Platform() == "" {
		return p, false
	}
	return v1.Platform{OS: node.OS, Architecture: node.Architecture}, true
}

// resolver finds the image of one container.
type resolver struct {
	o             Options
	container     kube.Container
	node          *kube.Node // nil where it could not be read
	platform      v1.Platform
	platformKnown bool

	asked []string // other repositories that were asked for a digest that is gone
}

func (r *resolver) emit(ctx context.Context, emit func(inspect.Event)) {
	img, detail, err := r.find(ctx)
	if err == nil {
		err = keep(r.o.Client.Store(), img)
	}
	if err != nil {
		emit(inspect.Event{Container: r.container.Name, Fact: r.unresolved(err).ImageHead})
		return
	}
	for _, b := range Blobs(img, "image") {
		emit(inspect.Event{Container: r.container.Name, Fact: b})
	}
	i := FromImage(r.container.Reference, img)
	i.Container = r.container.Name
	if gone(img, nil) {
		i.Left = r.left(r.container.Image().Digest)
	}
	if detail != "" && i.Reason == inspect.Running {
		i.Detail = detail
	}
	emit(inspect.Event{Container: i.Container, Fact: i.ImageHead})
	r.tagged(ctx, emit, i)
	if when := i.Created; !when.IsZero() {
		emit(inspect.Event{Container: i.Container, Fact: inspect.Moment{Time: when, What: "image of " + i.Container + " built", Source: "config of the image", Trust: inspect.ByClaim}})
	}
}

// unresolved is the image of a container whose registry does not give it.
func (r *resolver) unresolved(err error) *inspect.Image {
	id := r.container.Image()
	i := &inspect.Image{
		ImageHead: inspect.ImageHead{Container: r.container.Name, Reference: r.container.Reference, Location: r.container.Reference,
			Status: inspect.Unknown, Reason: "missing-blob", Detail: r.words(err)},
	}
	switch id.Kind {
	case kube.IDConfig:
		i.Config = id.Digest
	case kube.IDRepo:
		i.Digest = id.Digest
	case kube.IDNone:
	}
	if errors.Is(err, registry.ErrNotFound) && id.Digest != "" {
		i.Left = r.left(id.Digest)
	}
	return i
}

func (r *resolver) words(err error) string {
	var platform *registry.PlatformError
	switch {
	case errors.As(err, &platform) && !r.platformKnown:
		return "the node's platform could not be read, so the image of its index is not known: " + err.Error() + "; choose one with --platform"
	case errors.Is(err, registry.ErrNotFound):
		return "the registry no longer has it: " + err.Error()
	default:
		return err.Error()
	}
}

// find looks for the image where the pod's specification names it, then where the node says that it came from
// (kubernetes#40062: the two may differ).
func (r *resolver) find(ctx context.Context) (img *registry.Image, detail string, err error) {
	spec, err := registry.Parse(r.container.Reference)
	if err != nil {
		return nil, "", err
	}
	switch id := r.container.Image(); id.Kind {
	case kube.IDRepo:
		img, err = r.byDigest(ctx, spec, id)
		if gone(img, err) {
			if other, where := r.elsewhere(ctx, spec, id); other != nil {
				return other, where, nil
			}
		}
		return img, "", err
	case kube.IDConfig:
		img, err = r.byConfig(ctx, spec, id.Digest)
		return img, "", err
	default:
		img, err = r.resolve(ctx, spec)
		return img, "the node has not reported a digest: this is what the reference points to today", err
	}
}

func (r *resolver) byDigest(ctx context.Context, spec registry.Location, id kube.ImageID) (*registry.Image, error) {
	img, err := r.resolve(ctx, spec.At(id.Digest))
	if err != nil {
		return nil, err
	}
	return r.withIndex(ctx, spec, img), nil
}

// withIndex looks whether the tag that the pod names is an index that holds the manifest: signatures are often on the
// index only. What the tag cannot tell is left out.
func (r *resolver) withIndex(ctx context.Context, spec registry.Location, img *registry.Image) *registry.Image {
	if img.Index.Digest != "" || spec.Tag == "" || spec.Digest != "" {
		return img
	}
	tagged, err := r.resolve(ctx, spec)
	if err != nil || tagged.Index.Digest == "" || tagged.Manifest.Digest != img.Manifest.Digest {
		return img
	}
	return tagged
}

// byConfig looks for the image whose config the node reports, under the reference of the specification: a config's
// digest does not name a manifest.
func (r *resolver) byConfig(ctx context.Context, spec registry.Location, config string) (*registry.Image, error) {
	img, err := r.resolve(ctx, spec)
	if err != nil {
		return nil, err
	}
	if img.Config.Digest != config {
		return nil, fmt.Errorf("%s holds another image today (config %s): the node reports only the config %s, which names no manifest: %w",
			spec, short(img.Config.Digest), short(config), registry.ErrNotFound)
	}
	return img, nil
}

// resolve asks the registry. Without a known platform an index with several runnable images is not guessed at.
func (r *resolver) resolve(ctx context.Context, loc registry.Location) (*registry.Image, error) {
	img, err := r.o.Client.Resolve(ctx, loc, r.platform)
	if err != nil {
		return nil, err
	}
	if !r.platformKnown && len(img.Platforms) > 1 {
		return nil, &registry.PlatformError{Want: r.platform, Have: img.Platforms}
	}
	return img, nil
}

// short is a digest as people read it.
func short(digest string) string {
	if algorithm, hex, ok := strings.Cut(digest, ":"); ok && len(hex) > 12 {
		return algorithm + ":" + hex[:12] + "…"
	}
	return digest
}
