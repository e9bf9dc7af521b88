package subject

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// resolver finds the image of one container. Only the bytes that the node reports count: what a tag means today is
// never taken for what runs. There is one for each container, used by one goroutine; asked is not shared.
type resolver struct {
	o             Options
	container     kube.Container
	node          *kube.Node // nil where it could not be read
	platform      v1.Platform
	platformKnown bool

	asked []string // other repositories that were asked for a digest that is gone
}

// found is an image with where it was read, if that is not where the pod names it.
type found struct {
	image *registry.Image
	note  string
}

// unresolvedError is an error with the reason why it is not known what runs. errors.As finds it, and the errors below
// it by Unwrap.
type unresolvedError struct {
	why        inspect.Unresolved
	candidates []registry.Candidate // of the index, where it is known which one runs
	index      string               // digest of that index
	err        error
}

// Error is the text of the error below.
func (u *unresolvedError) Error() string { return u.err.Error() }

// Unwrap is the error below.
func (u *unresolvedError) Unwrap() error { return u.err }

// run resolves all containers and emits an image for each. An image that was not found is emitted too, with what is
// known of it: a container without an image would be missing from every list of the case.
func (r *resolver) run(ctx context.Context, emit func(inspect.Event)) {
	got, err := r.find(ctx)
	if err == nil {
		err = keep(r.o.Client.Store(), got.image)
	}
	var i inspect.Image
	if err != nil {
		i = r.unresolved(err)
	} else {
		for _, b := range Blobs(got.image, "image") {
			emit(inspect.Event{Container: r.container.Name, Fact: b})
		}
		i = r.resolved(got)
	}
	emit(inspect.Event{Container: i.Container, Fact: i.ImageHead})
	if err == nil {
		chosen(i, got.image, emit)
	}
	r.tagged(ctx, emit, i)
	if when := i.Created; !when.IsZero() {
		emit(inspect.Event{Container: i.Container, Fact: inspect.Moment{Time: when, What: "image of " + i.Container +
			" built", Source: "config of the image", Trust: inspect.ByClaim}})
	}
}

// resolved is the image of a container as it was found. A note of the search, as that another repository had the
// digest, becomes the detail only where nothing worse was found. Of a digest that is gone it lists what is left,
// for the next step of a person.
func (r *resolver) resolved(got found) inspect.Image {
	i := FromImage(r.container.Reference, got.image)
	i.Container = r.container.Name
	if gone(got.image, nil) {
		i.Unresolved, i.Left = inspect.UnresolvedGone, r.left(r.container.Image().Digest)
	}
	if got.note != "" && i.Reason == inspect.Running {
		i.Detail = got.note
	}
	return i
}

// unresolved returns the image of a container of which it is not known which bytes it runs. It has no location, so that
// no check reads other bytes in its place. Digest or config are still those that the node reported, so that signatures
// of it can be looked for. Status is unknown and never failed: nothing is wrong with bytes that were not read.
func (r *resolver) unresolved(err error) inspect.Image {
	id := r.container.Image()
	i := inspect.Image{ImageHead: inspect.ImageHead{
		Container: r.container.Name, Reference: r.container.Reference,
		Status: inspect.Unknown, Reason: string(registry.ProblemMissing), Detail: err.Error(),
		Unresolved: inspect.UnresolvedUnreachable,
	}}
	switch id.Kind {
	case kube.IDConfig:
		i.Config = id.Digest
	case kube.IDRepo:
		i.Digest = id.Digest
	case kube.IDNone:
	}
	var u *unresolvedError
	if errors.As(err, &u) {
		i.Unresolved, i.Manifests = u.why, manifests(u.candidates, nil)
		if u.why == inspect.UnresolvedReference {
			i.Reason = string(registry.ProblemMalformed)
		}
		if u.index != "" { // then the digest is certainly not that of a manifest
			i.Index, i.Digest = u.index, ""
		}
	}
	if i.Unresolved == inspect.UnresolvedGone || i.Unresolved == inspect.UnresolvedConfigOnly {
		i.Left = r.left(id.Digest)
	}
	return i
}

// find looks for the image where the pod's specification names it, then where the node reports that it was pulled from
// (kubernetes#40062: the two may differ). Errors: *unresolvedError, or what kept the registry from being read. A digest
// of another algorithm than SHA-256 is refused here, with its name. The status of a pod is written by the kubelet, so
// that the digest is as trustworthy as the node.
func (r *resolver) find(ctx context.Context) (found, error) {
	spec, err := registry.ParseReference(r.container.Reference)
	if err != nil {
		return found{}, &unresolvedError{why: inspect.UnresolvedReference, err: err}
	}
	id := r.container.Image()
	if id.Kind != kube.IDNone && !registry.IsDigest(id.Digest) {
		err := fmt.Errorf("reading %s: %w", short(id.Digest), &registry.FormError{Form: registry.FormSHA512})
		return found{}, &unresolvedError{why: inspect.UnresolvedReference, err: err}
	}
	switch id.Kind {
	case kube.IDRepo:
		return r.byDigest(ctx, spec, id)
	case kube.IDConfig:
		img, err := r.byConfig(ctx, spec, id.Digest)
		return found{image: img}, err
	default:
		return r.unreported(ctx, spec)
	}
}

// unreported is for a container whose node has reported no digest. A digest in the pod's own reference names the only
// bytes that it can run; a tag names none. A pod that waits for its image, or whose pull failed, has none yet.
func (r *resolver) unreported(ctx context.Context, spec registry.Location) (found, error) {
	if spec.Digest == "" {
		err := fmt.Errorf("the node has not reported a digest for %s: it is not known which image the container "+
			"runs", spec)
		return found{}, &unresolvedError{why: inspect.UnresolvedNotReported, err: err}
	}
	img, err := r.resolve(ctx, spec)
	return found{image: img, note: "the node has not reported a digest: this is the one that the pod asks for"}, err
}

// importedName is the repository that containerd makes up for an image that was imported without a name (cri, ctr
// images import): no registry has it. The date is that of the import, as in import-2024-03-01.
var importedName = regexp.MustCompile(`(^|/)import-[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// byDigest asks for the digest that the node reported, which is that of the image, of its index or, with some
// runtimes, of its config. Errors: *unresolvedError with UnresolvedGone, or what kept the registry from being read.
func (r *resolver) byDigest(ctx context.Context, spec registry.Location, id kube.ImageID) (found, error) {
	img, err := r.resolve(ctx, spec.At(id.Digest))
	if gone(img, err) {
		if other, note := r.elsewhere(ctx, spec, id); other != nil {
			return found{other, note}, nil
		}
	}
	if err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			err = &unresolvedError{why: inspect.UnresolvedGone, err: fmt.Errorf("the registry no longer has it: %w",
				err)}
		}
		return found{}, err
	}
	return found{image: r.withIndex(ctx, spec, img)}, nil
}

// withIndex looks whether the tag that the pod names is an index that holds the manifest: signatures are often on the
// index only. The manifest stays the one that runs. An index that does not hold the manifest is not taken, whatever the
// tag is. It costs one request by tag, and a failure of it changes nothing.
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
// digest names no manifest, and the same config is the same content. The tag may have moved: only an image with this
// very config is taken.
func (r *resolver) byConfig(ctx context.Context, spec registry.Location, config string) (*registry.Image, error) {
	img, err := r.resolve(ctx, spec)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return nil, &unresolvedError{why: inspect.UnresolvedConfigOnly, err: fmt.Errorf(
			"the node reports only the config %s, which names no manifest, and the registry does not have %s: %w",
			short(config), spec, err)}
	case err != nil:
		return nil, err
	case img.Config.Digest != config:
		return nil, &unresolvedError{why: inspect.UnresolvedConfigOnly, err: fmt.Errorf(
			"the node reports only the config %s, which names no manifest; %s has another config today (%s): %w",
			short(config), spec, short(img.Config.Digest), registry.ErrNotFound)}
	}
	return img, nil
}

// resolve reads an image of the registry. Among several platforms nothing is chosen unless that of the node is known. A
// guess would let a clean image of one platform stand for a poisoned one of another.
func (r *resolver) resolve(ctx context.Context, loc registry.Location) (*registry.Image, error) {
	img, err := r.o.Client.Resolve(ctx, loc, r.platform)
	if err == nil && !r.platformKnown && len(img.Candidates) > 1 {
		return nil, &unresolvedError{
			why: inspect.UnresolvedPlatform, candidates: img.Candidates, index: img.Index.Digest,
			err: fmt.Errorf("the platform of the node could not be read, so it is not known which of the %d "+
				"images of the index runs (%s); --platform chooses one",
				len(img.Candidates), platformNames(img.Candidates)),
		}
	}
	var platform *registry.PlatformError
	if errors.As(err, &platform) {
		return nil, &unresolvedError{
			why: inspect.UnresolvedPlatform, candidates: platform.Candidates,
			index: platform.Index, err: err,
		}
	}
	return img, err
}
