package recompute

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/binary"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/lock"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/provenance"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/registry"
)

// maxBundle bounds a Sigstore bundle that the bag carries, in bytes: a statement about a large build has some hundred
// kilobytes of materials, and a bag may come from a stranger.
const maxBundle = 32 << 20

// Bundle runs the checks of an evidence bundle again: the bag is registry, trust root and clock, and nothing comes from
// this machine's cache, network or clock. Its Run is the Rerun of evidence.Verify; the zero Bundle is ready.
//
// What rests on it: the ledger of a bag is text that anybody can rewrite so that every digest and every link of its
// chain fits. Bytes that are addressed by digest cannot be rewritten with it, and here they are asked what they give.
type Bundle struct {
	// Roots are the person's; none: those that the bag carries. A verdict that rests on a root from the bag is only as
	// good as whoever wrote the bag: evidence leaves it unknown unless the person accepts that root.
	Roots []signature.Root
}

// Run checks what the bag carries and gives the case that follows from it, with the names of the checks that ran. c is
// the case that the bag records. Errors are local faults, or a part of the bag that cannot be read: a trust root or a
// policy that the case names and the bag does not have is one, since verdicts rest on it. A blob that is left out is
// none: what follows from it stays a claim.
//
// Layers are unpacked into a temporary directory, which is removed.
func (b Bundle) Run(ctx context.Context, bag *evidence.Bag, c inspect.Case) (evidence.Again, error) {
	layout, cleanup, err := bag.Layout(ctx, "image")
	if err != nil {
		return evidence.Again{}, fmt.Errorf("opening the image in the bundle: %w", err)
	}
	defer cleanup()
	dir, err := os.MkdirTemp("", "backtrail-verify-")
	if err != nil {
		return evidence.Again{}, fmt.Errorf("making a place to check in: %w", err)
	}
	defer os.RemoveAll(dir)
	store, err := registry.OpenStore(dir)
	if err != nil {
		return evidence.Again{}, err
	}
	client, err := registry.New(registry.Options{Store: store, UserAgent: "backtrail"})
	if err != nil {
		return evidence.Again{}, err
	}
	defer client.Close()
	trust, err := b.trust(bag, c)
	if err != nil {
		return evidence.Again{}, err
	}
	given, err := attestationsOf(ctx, bag, c)
	if err != nil {
		return evidence.Again{}, err
	}
	notary, err := notaryOf(bag, c)
	if err != nil {
		return evidence.Again{}, err
	}
	policies, err := b.policies(bag, c)
	if err != nil {
		return evidence.Again{}, err
	}
	return runAgain(ctx, bag, c, client, layout, policies, signature.Options{
		Client: client, Store: store, Trust: trust, Notary: notary, GitHub: given,
		Now:          func() time.Time { return c.Started.Time },
		Requirements: policies.Requirements, PolicyNamed: policies.Named(),
	})
}

// attestationsOf are the bundles that GitHub gave and the bag carries: they lie in no layout. They are filed under the
// digest that they were asked for by; whether their content is about that image is for the check to find out. nil where
// the case has none.
func attestationsOf(ctx context.Context, bag *evidence.Bag, c inspect.Case) (*signature.Attestations, error) {
	kept := map[string][][]byte{}
	for _, i := range c.Images {
		for _, row := range i.Signatures {
			if row.Store != signature.StoreGitHub {
				continue
			}
			r, err := bag.Blob(ctx, row.Digest)
			if errors.Is(err, inspect.ErrNotKept) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("reading the attestation %s of the bundle: %w", row.Digest, err)
			}
			data, err := io.ReadAll(io.LimitReader(r, maxBundle+1))
			_ = r.Close()
			if err != nil {
				return nil, fmt.Errorf("reading the attestation %s of the bundle: %w", row.Digest, err)
			}
			subject := cmp.Or(i.Digest, i.Index)
			kept[subject] = append(kept[subject], data)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	return signature.KeptAttestations(kept), nil
}

// trust gives the person's roots, else those of the bag. Time stamping authorities come from the bag in either case:
// they only vouch for a time, and are judged at the time at which the case began.
func (b Bundle) trust(bag *evidence.Bag, c inspect.Case) (*signature.Trust, error) {
	roots := b.Roots
	for _, t := range c.Trust {
		root := t.Kind == signature.TrustKind && len(b.Roots) == 0
		if !root && t.Kind != signature.AuthorityKind {
			continue
		}
		b, err := bag.Trust(t.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading the trust root %s of the bundle: %w", t.Digest, err)
		}
		read := signature.NewRoot
		if !root {
			read = func(b []byte, origin, name string) (signature.Root, error) {
				return signature.NewAuthority(b, origin, name, func() time.Time { return c.Started.Time })
			}
		}
		one, err := read(b, inspect.TrustBag, t.Digest)
		if err != nil {
			return nil, err
		}
		roots = append(roots, one)
	}
	return signature.FixedTrust(roots...), nil
}

// runAgain runs the checks that the bag has the bytes for: those of contents only where all layers are carried. A
// merged tree that lacks a layer would have other files, and every row of it would seem to be a lie.
//
// Alerts and the pod are taken over from the case, since the checks judge files by them; that they are what was
// received is compared by their own bytes.
func runAgain(ctx context.Context, bag *evidence.Bag, c inspect.Case, client *registry.Client, layout string,
	policies *policy.Loaded, signatures signature.Options,
) (evidence.Again, error) {
	cache := layer.NewCache(client.Store())
	checks := []engine.Check{
		carried(c, client, layout), policy.Check(policies), signature.Check(signatures), provenance.Check(client),
		layer.Layers(client, cache),
		sbom.Attached(client),
	}
	if allCarried(ctx, bag, c) {
		owners := owner.NewCache()
		// Without a known-good, whose layers are in no bag: what follows from a comparison is left to evidence. The
		// records of advisories are those that matched, which the bag carries.
		checks = append(checks, binary.Binaries(client, cache, owners), sbom.Packages(sbom.NewCataloguer(cache)),
			autorun.Check(client, cache, owners), lock.Files(client, cache, inspect.CheckPackages),
			advisory.Advisories(advisory.DataOf(matched(c)), cache, inspect.CheckLockFiles, inspect.CheckSignatures,
				inspect.CheckProvenance))
	}
	opening := []inspect.Event{{Fact: c.Expected}}
	for _, a := range c.Alerts {
		opening = append(opening, inspect.Event{Fact: a})
	}
	if c.Pod != nil {
		opening = append(opening, inspect.Event{Fact: *c.Pod})
	}
	source, err := engine.NewSource(engine.Plan{
		Header:  inspect.Header{Schema: c.Schema, Tool: c.Tool, Target: c.Target, Started: c.Started},
		Opening: opening,
		Now:     func() time.Time { return c.Started.Time },
		Checks:  checks,
	})
	if err != nil {
		return evidence.Again{}, err
	}
	again := evidence.Again{}
	if err := source(ctx, again.Case.Apply); err != nil {
		return again, err
	}
	for _, check := range checks {
		again.Checks = append(again.Checks, check.Name)
	}
	return again, readAgain(ctx, bag, c, cache, &again)
}

// matched are the rows of advisories of a case, each with the record that it rests on.
func matched(c inspect.Case) []inspect.Advisory {
	var rows []inspect.Advisory
	for _, i := range c.Images {
		rows = append(rows, i.Advisories...)
	}
	return rows
}

// carried finds the images of the case in the bundle's layout, in place of the check of that name. An image that is not
// there is a notice, and the checks of it find nothing to run on.
func carried(c inspect.Case, client *registry.Client, layout string) engine.Check {
	return engine.Check{
		Name: inspect.CheckSubject, Scope: engine.PerCase, Resolves: true,
		Run: func(ctx context.Context,
			_ engine.On, emit func(inspect.Event),
		) error {
			for _, i := range c.Images {
				found, err := locate(ctx, client, layout, i)
				if err != nil {
					emit(inspect.Event{Fact: inspect.Notice{Level: "info", Text: err.Error()}})
					continue
				}
				found.Container = i.Container
				emit(inspect.Event{Container: i.Container, Fact: found.ImageHead})
			}
			return nil
		},
	}
}

// locate opens an image of the layout by its index or manifest, on the platform that the case was about. A case of a
// docker-save archive names no manifest, and nothing of it can be opened here.
func locate(ctx context.Context, client *registry.Client, layout string, i inspect.Image) (inspect.Image, error) {
	digest := i.Index
	if digest == "" {
		digest = i.Digest
	}
	if digest == "" {
		return inspect.Image{}, fmt.Errorf("image %s has no manifest that the bundle could carry", i.Container)
	}
	loc, err := registry.Parse("oci:" + layout + "@" + digest)
	if err != nil {
		return inspect.Image{}, err
	}
	var platform v1.Platform
	if p, err := v1.ParsePlatform(i.Platform); err == nil && p != nil {
		platform = *p
	}
	img, err := client.Resolve(ctx, loc, platform)
	if err != nil {
		return inspect.Image{}, fmt.Errorf("opening image %s in the bundle: %w", i.Container, err)
	}
	return subject.FromImage(i.Reference, img), nil
}

// policies are those that a bundle carries, each from where it came according to the case: a policy of the cluster
// judges, and does not ask on behalf of the person.
func (b Bundle) policies(bag *evidence.Bag, c inspect.Case) (*policy.Loaded, error) {
	set := &policy.Set{}
	for _, t := range c.Trust {
		if t.Kind != policy.Kind {
			continue
		}
		b, err := bag.Trust(t.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading the policy %s of the bundle: %w", t.Digest, err)
		}
		// What could not be understood when the case was made is not understood now; the rest counts.
		_ = set.Add(policy.Source{Bytes: b, Name: t.Name, Origin: t.Origin})
	}
	l := &policy.Loaded{Files: set}
	if c.Pod != nil {
		l.Pod = c.Pod.Namespace
	}
	return l, nil
}

// notaryOf is the trust store and trust policy of the Notary Project that a bag carries, as one blob. nil without an
// error where the case names none: no verdict rested on one.
func notaryOf(bag *evidence.Bag, c inspect.Case) (*signature.Notary, error) {
	for _, t := range c.Trust {
		if t.Kind != signature.NotationTrustKind {
			continue
		}
		data, err := bag.Trust(t.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading the trust store %s of the bundle: %w", t.Digest, err)
		}
		return signature.ReadNotary(data, inspect.TrustBag, t.Digest)
	}
	return nil, nil
}
