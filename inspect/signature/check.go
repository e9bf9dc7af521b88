package signature

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Options of the check.
// One Options serves all images of a case, in several goroutines.
type Options struct {
	Client *registry.Client
	Store  *registry.Store // where payloads, certificates, bundles and statements are kept
	Trust  *Trust
	// Now is the clock. No verdict asks it: what counts is the time of signing.
	Now func() time.Time
	// Repository is where cosign's tags are, if not with the image: COSIGN_REPOSITORY. Empty: the environment decides.
	Repository string
	// Notary is whom to believe of Notary Project signatures; nil: no one.
	Notary *Notary
	// GitHub is asked too, where it is not nil.
	GitHub *Attestations
	// Requirements gives what the policies require of an image, once the check "policies" has read them; nil: there are
	// none.
	Requirements func(inspect.Image) []inspect.PolicyRequirement
	// PolicyNamed reports whether a flag names a policy: an image that none is about is then an open question.
	PolicyNamed bool
}

// Check looks for the signatures of an image in every store, and verifies each.
func Check(o Options) engine.Check {
	c := engine.Check{Name: inspect.CheckSignatures, Scope: engine.PerImage, Run: o.run}
	if o.Requirements != nil {
		c.Needs = []string{inspect.CheckPolicies}
	}
	return c
}

// run examines the image and emits, in this order: trust roots, replies of stores, blobs, rows with their signed
// times, and the gate with its findings.
func (o Options) run(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
	i := on.Image()
	if err := i.Read(); err != nil {
		return err
	}
	x, err := o.expectation(on.Case().Expected, i)
	if err != nil {
		return err
	}
	if i.Digest == "" && i.Index == "" {
		return o.unsignable(i, on.Container, x, emit)
	}
	found, err := o.examine(ctx, place{i.Location, i.Index, i.Digest, i.Settings.Labels[labelSource], i.Reference}, x)
	if err != nil {
		return err
	}
	o.emitTrust(found, emit)
	found.emit(emit)
	s := summary{subject: on.Container, image: i.Key(), found: found, expect: x, policies: o.PolicyNamed}
	gate := s.emit(emit)
	if err := ctx.Err(); err != nil {
		return err
	}
	// Once a signature fits, a store that does not answer changes nothing; its reply has the reason.
	if len(found.open) > 0 && gate != inspect.Verified {
		return engine.Unchecked("%s", strings.Join(found.open, "; "))
	}
	return nil
}

// unsignable is an image without a manifest: what docker save writes. Nothing can have been signed about it.
// An expected signature is missing there as anywhere.
func (o Options) unsignable(i inspect.Image, subject string, x expectation, emit func(inspect.Event)) error {
	if i.Config == "" {
		return engine.Unchecked("nothing of the image could be read, so what was signed is not known")
	}
	s := summary{subject: subject, image: i.Key(), expect: x, policies: o.PolicyNamed}
	s.emit(emit)
	return engine.Nothing("what docker save writes has no manifest digest, which is what signatures are about")
}

// emitTrust names the roots that verdicts rest on, where one was needed, and keeps their bytes.
// A full disk loses the bundle its copy of a root, and no verdict.
func (o Options) emitTrust(found collection, emit func(inspect.Event)) {
	if n := o.Notary; n != nil && len(n.bytes) > 0 && slices.ContainsFunc(found.rows,
		func(s inspect.Signature) bool { return s.Kind == KindNotation }) {
		if o.Store != nil {
			_ = o.Store.Put(n.record.Digest, n.bytes)
		}
		emit(inspect.Event{Fact: n.record})
	}
	for _, r := range found.roots {
		if o.Store != nil && len(r.Bytes) > 0 {
			_ = o.Store.Put(r.Record.Digest, r.Bytes)
		}
		emit(inspect.Event{Fact: r.Record})
	}
	if len(found.roots) == 0 {
		return
	}
	for _, n := range o.Trust.Notes() {
		emit(inspect.Event{Fact: inspect.Notice{Level: "info", Text: n, Hint: "--trusted-root FILE takes another one"}})
	}
}

// Examine reads and verifies the signatures that are stored with any image, at its location, for its index and its
// manifest digest; either may be empty. keep is called with the blobs that were read and kept for it, and may be nil.
//
// An error is returned only where nothing was found and something could not be asked: what was found is true all the
// same.
func Examine(ctx context.Context, o Options, location, index, digest string, expected inspect.Expected,
	keep func(inspect.Blob),
) ([]inspect.Signature, error) {
	x, err := o.expectation(expected, inspect.Image{ImageHead: inspect.ImageHead{
		Reference: location, Digest: digest,
		Index: index,
	}})
	if err != nil {
		return nil, err
	}
	found, err := o.examine(ctx, place{location: location, index: index, digest: digest}, x)
	if err == nil && len(found.open) > 0 && len(found.rows) == 0 {
		err = fmt.Errorf("looking for signatures: %s", strings.Join(found.open, "; "))
	}
	if keep != nil {
		for _, b := range found.blobs {
			keep(b)
		}
	}
	return found.rows, err
}

// place is an image: where it is, its digests, where it claims that its source is, and how it was named.
// Location is where bytes are read, reference what the person or the pod wrote.
type place struct{ location, index, digest, source, reference string }

// scope is the repository as it was named, by which trust policies choose: a mirror or a bundle is not another image.
func (p place) scope() string {
	for _, name := range []string{p.reference, p.location} {
		if loc, err := registry.Parse(name); err == nil && loc.Host != "" {
			return loc.Host + "/" + loc.Repository
		}
	}
	return ""
}

// examine asks the stores of one image. Errors are those of its location and of a layout that cannot be listed.
func (o Options) examine(ctx context.Context, p place, x expectation) (collection, error) {
	loc, err := registry.Parse(p.location)
	if err != nil {
		return collection{}, fmt.Errorf("looking for signatures: %w", err)
	}
	tags, err := o.tagPlace(loc)
	if err != nil {
		return collection{}, err
	}
	e := &examiner{
		Options: o, shelf: storeSet{o.Client, loc, tags}, expect: x, source: p.source, scope: p.scope(),
		seen:  map[string]bool{},
		image: artifact{what: "the image", names: map[string]string{}},
		out:   collection{times: map[string]observed{}},
	}
	var digests []string
	for _, d := range []struct{ digest, what string }{{p.digest, "the image"}, {
		p.index,
		"the index that contains the image",
	}} {
		if d.digest == "" {
			continue
		}
		if e.image.main == "" {
			e.image.main = d.digest
		}
		e.image.names[d.digest] = d.what
		digests = append(digests, d.digest)
	}
	if e.others, err = e.otherImages(ctx); err != nil {
		return collection{}, fmt.Errorf("looking for signatures: %w", err)
	}
	if o.Trust.atHand() {
		e.load()
	}
	return e.run(ctx, digests, p), nil
}

// tagPlace is where cosign's tags are looked for.
// The variable is cosign's own, so that a team which signs into another repository needs no flag here.
func (o Options) tagPlace(loc registry.Location) (registry.Location, error) {
	name := o.Repository
	if name == "" {
		name = os.Getenv("COSIGN_REPOSITORY")
	}
	if name == "" || loc.Local() {
		return loc, nil
	}
	other, err := registry.ParseReference(name)
	if err != nil {
		return loc, fmt.Errorf("reading COSIGN_REPOSITORY: %w", err)
	}
	return other, nil
}

// otherImages are the images of a layout that are not the one in question.
func (e *examiner) otherImages(ctx context.Context) (map[string]bool, error) {
	all, err := e.Client.LayoutDescriptors(ctx, e.shelf.loc)
	if err != nil {
		return nil, err
	}
	others := map[string]bool{}
	for _, d := range all {
		switch d.Annotations[registry.AnnotationKind] {
		case registry.KindImage, registry.KindImageIndex:
			if _, ours := e.image.names[d.Digest.String()]; !ours {
				others[d.Digest.String()] = true
			}
		}
	}
	return others, nil
}

// emit describes what was found, store by store and row by row.
func (c collection) emit(emit func(inspect.Event)) {
	for _, r := range c.replies {
		emit(inspect.Event{Fact: r})
	}
	for _, b := range c.blobs {
		emit(inspect.Event{Fact: b})
	}
	for _, s := range c.rows {
		emit(inspect.Event{Fact: s})
		t, ok := c.times[s.ID]
		if !ok {
			continue
		}
		emit(inspect.Event{Fact: inspect.Moment{
			Time: inspect.At(t.time), What: moment(s), Source: t.by,
			Trust: inspect.BySignature,
		}})
	}
}

// moment words a signed time for the timeline.
func moment(s inspect.Signature) string {
	what := "the image was signed"
	if s.PredicateType != "" {
		what = "an attestation (" + s.PredicateType + ") was signed"
	}
	return what + " by " + signer(s)
}

// signer names who signed, as far as the signature itself does.
func signer(s inspect.Signature) string {
	switch {
	case s.Identity != "":
		return s.Identity
	case s.Key != "":
		return "the key " + s.Key
	default:
		return "a key that is not known"
	}
}
