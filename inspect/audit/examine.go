package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Examiner examines images one by one, by the checks of a case. It is safe for concurrent use.
type Examiner struct {
	Client *registry.Client
	Cache  *layer.Cache
	World  kube.Source // of World
	// Checks gives what is run on an image: a check whose needs are not among them runs without these.
	Checks   func(o subject.Options, u Unit, d Depth) []engine.Check
	Expected inspect.Expected // of flags: about the source of images
	// Keys gives the digests of the public keys that the signatures of an image are tried with.
	Keys func(u Unit) []string
	Now  func() time.Time
	// Examined is given the case about each image once it has ended, from several goroutines; nil: nobody is.
	Examined func(c *inspect.Case, container string)
}

// Examine collects the facts of an image. What could not be checked stands in them; the error is that of a context
// that ended, and then there are none.
func (x *Examiner) Examine(ctx context.Context, u Unit, d Depth) (Facts, error) {
	f := Facts{
		Form: FactsForm, Unit: u.Key, Depth: d, Collected: inspect.At(x.Now()), State: Done,
		Keys: sortedSet(x.Keys(u)), Sourced: Sourced(x.Expected),
	}
	// The checks are given a pod of one container, made from the unit alone: an audit of a dump and one of the live
	// cluster run the same code, and no pod of the fleet is read a second time.
	o := subject.Options{Client: x.Client, Cluster: x.World, Pod: u.pod(), Container: unitContainer}
	if p, err := v1.ParsePlatform(u.Platform); err == nil && p != nil {
		o.Platform = *p
	}
	watch := &watched{}
	source, err := engine.NewSource(engine.Plan{
		Header: inspect.Header{Schema: inspect.Schema, Started: f.Collected},
		// what flags expect of signers is compared when rows are made
		Opening: []inspect.Event{{Fact: sourceOnly(x.Expected)}},
		Checks:  watch.over(x.Checks(o, u, d)),
		Now:     x.Now,
	})
	if err != nil {
		return Facts{}, fmt.Errorf("examining %s: %w", u.Key, err)
	}
	var c inspect.Case
	if err := source(ctx, c.Apply); err != nil {
		return Facts{}, fmt.Errorf("examining %s: %w", u.Key, err)
	}
	if x.Examined != nil {
		x.Examined(&c, unitContainer)
	}
	f.collect(&c)
	// State comes before origin and tags: what these cannot read leaves fields empty, and is not why an image counts as
	// not checked.
	f.State, f.Reason = watch.state(&c)
	if f.Image.Location != "" {
		x.origin(ctx, &f)
	}
	f.Tags = x.tags(ctx, u)
	return f, ctx.Err()
}

// sourceOnly is what flags expect of the source of an image.
func sourceOnly(e inspect.Expected) inspect.Expected {
	e.Identities, e.IdentityRegexps, e.Issuers, e.IssuerRegexps, e.Keys, e.Notation = nil, nil, nil, nil, nil, ""
	return e
}

// watched observes how checks end: their reasons are words, and a fault of this machine is not one of a registry.
type watched struct {
	mu     sync.Mutex
	faults []string
}

// over observes checks, and drops needs that are not among them.
func (w *watched) over(checks []engine.Check) []engine.Check {
	names := map[string]bool{}
	for _, c := range checks {
		names[c.Name] = true
	}
	for i, c := range checks {
		run, name := c.Run, c.Name
		checks[i].Needs = slices.DeleteFunc(slices.Clone(c.Needs), func(n string) bool { return !names[n] })
		checks[i].Run = func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			err := engine.Protect(func() error { return run(ctx, on, emit) })
			var disk *fs.PathError
			if errors.As(err, new(*engine.PanicError)) || errors.As(err, &disk) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.faults = append(w.faults, name+": "+err.Error())
			}
			return err
		}
	}
	return checks
}

// maxReason bounds the reason of a row, in bytes.
const maxReason = 600

// state is how the examination ended, with the reason.
func (w *watched) state(c *inspect.Case) (State, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	// A panic or an error of this machine's disk is failed, not not-checked: trying again tomorrow does not help, and a
	// full disk must not look like a fleet that nobody can check.
	if len(w.faults) > 0 {
		slices.Sort(w.faults)
		return Failed, cut(strings.Join(w.faults, "; "))
	}
	i, ok := c.Image(unitContainer)
	if !ok || i.Location == "" {
		return NotChecked, cut(cmp.Or(i.Detail, i.Reason, "the image was not found"))
	}
	var why []string
	for _, s := range c.Checks {
		if s.Status == inspect.CheckBlocked {
			why = append(why, s.Name+": "+s.Reason)
		}
	}
	// Running marks layers that the depth leaves out: identity reads none, and is done all the same
	if i.Status == inspect.Unknown && i.Reason != inspect.Running {
		why = append(why, cmp.Or(i.Detail, i.Reason))
	}
	if len(why) > 0 {
		return NotChecked, cut(strings.Join(why, "; "))
	}
	return Done, ""
}

// cut bounds a reason.
func cut(text string) string {
	if len(text) <= maxReason {
		return text
	}
	return strings.ToValidUTF8(text[:maxReason], "") + "…"
}

// origin adds what manifest, config and history show of what the image was built upon.
func (x *Examiner) origin(ctx context.Context, f *Facts) {
	img, err := layer.Resolve(ctx, x.Client, f.Image)
	if err != nil {
		return // the checks have reported it
	}
	o := layer.OriginOf(img)
	f.BaseLayer = o.Lowest
	f.Base = Base{Name: o.Name, Created: inspect.At(o.Created)}
	release := release{}
	if f.Depth.Covers(Packages) {
		release = readRelease(ctx, x.Cache, f.Image.Layers)
	}
	f.Base.dated(release, append([]string{o.Name}, f.Image.Reference)...)
}

// Lowest returns the diff ID of the lowest layer of a unit's image, by its manifest and config; empty where these
// cannot be read. Shards are cut by it.
func (x *Examiner) Lowest(ctx context.Context, u Unit) string {
	loc, err := registry.ParseReference(first(u.References))
	if err != nil {
		return ""
	}
	if id := kube.ParseImageID(u.ImageID); id.Kind == kube.IDRepo {
		loc = loc.At(id.Digest)
	}
	img, err := x.Client.Resolve(ctx, loc, layer.ParsePlatform(u.Platform))
	if err != nil {
		return ""
	}
	return layer.OriginOf(img).Lowest
}

// tags reads what the references of a unit mean today, one HEAD for each, which registries do not count as a pull. A
// HEAD of a manifest is not counted against the pull limit of Docker Hub (docs.docker.com, "Pull usage and limits"), a
// GET is.
func (x *Examiner) tags(ctx context.Context, u Unit) []Tag {
	var all []Tag
	for _, reference := range u.References {
		spec, err := registry.ParseReference(reference)
		if err != nil || spec.Tag == "" || spec.Digest != "" {
			continue
		}
		t := Tag{Reference: reference}
		now, err := x.Client.TagNow(ctx, spec, spec.Tag)
		switch {
		case errors.Is(err, registry.ErrNotFound):
			t.Reason = "the registry has no such tag any more"
		case err != nil:
			t.Reason = cut(err.Error())
		}
		t.Digest = now.Digest
		all = append(all, t)
	}
	return all
}
