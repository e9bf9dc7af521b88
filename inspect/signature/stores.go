package signature

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// The stores as StoreReply names them. Cosign's tags and the referrers tag are asked for in layouts too.
const (
	AskedCosignTag    = "cosign-tag"
	AskedReferrers    = "referrers"
	AskedReferrersTag = "referrers-tag"
	AskedLayout       = "layout"
	AskedIndex        = "attestation-manifest"
)

// match is a manifest that was found in a store.
// The part may be missing or altered; whoever reads it asks part.Holds.
type match struct {
	part  registry.Part
	store string // as a row names it
	role  string // signature, attestation, attestation-manifest, sbom, referrer
	tag   string // by which it was found
}

// query is a request to one store about one subject.
// ask makes requests, is called once, and may run beside the others.
type query struct {
	store   string
	subject string
	ask     func(ctx context.Context) ([]match, error)
}

// storeResult is the outcome of a query.
type storeResult struct {
	hits []match
	err  error // of a part that could not be queried; there may be matches nevertheless
}

// storeSet queries the stores of one image.
type storeSet struct {
	client *registry.Client
	loc    registry.Location
	tags   registry.Location // where cosign's tags are: COSIGN_REPOSITORY, else with the image
}

// place is where the parts of a match are.
// Parts lie in the repository of their manifest.
func (s storeSet) place(h match) registry.Location {
	if h.store == StoreTag {
		return s.tags
	}
	return s.loc
}

// queries are all stores for each digest: the index and the manifest. image and index are the digests of the image's
// manifest and of the index that it was chosen from.
//
// Both digests are asked about, since some sign the index and some the manifest of a platform.
func (s storeSet) queries(digests []string, image, index string) []query {
	var all []query
	if image != "" && index != "" {
		all = append(all, query{AskedIndex, image, func(ctx context.Context) ([]match, error) {
			return s.attestations(ctx, image, index)
		}})
	}
	for _, d := range digests {
		all = append(all, query{AskedCosignTag, d, func(ctx context.Context) ([]match, error) {
			return s.cosignTags(ctx, d)
		}})
		all = append(all, query{AskedReferrers, d, func(ctx context.Context) ([]match, error) {
			return s.referrers(ctx, d)
		}})
		all = append(all, query{AskedReferrersTag, d, func(ctx context.Context) ([]match, error) {
			return s.referrersTag(ctx, d)
		}})
	}
	if s.loc.Local() {
		all = append(all, query{AskedLayout, digests[0], s.saved})
	}
	return all
}

// cosignTags reads sha256-<hex>.sig, .att and .sbom. A tag that is not there is no error.
// Tags can be moved by whoever may push: what is found there proves itself by its signature alone.
func (s storeSet) cosignTags(ctx context.Context, digest string) ([]match, error) {
	var hits []match
	var errs []error
	for _, suffix := range []struct{ name, role string }{{"sig", "signature"}, {"att", "attestation"}, {
		"sbom",
		"sbom",
	}} {
		tag := strings.Replace(digest, ":", "-", 1) + "." + suffix.name
		part, err := s.client.Manifest(ctx, s.tags, tag)
		switch {
		case errors.Is(err, registry.ErrNotFound):
		case err != nil:
			errs = append(errs, fmt.Errorf("tag %s: %w", tag, err))
		default:
			hits = append(hits, match{part, StoreTag, suffix.role, tag})
		}
	}
	return hits, errors.Join(errs...)
}

// referrers asks the referrers API (OCI distribution-spec, "Listing Referrers"), or the layout's own list.
func (s storeSet) referrers(ctx context.Context, digest string) ([]match, error) {
	list := s.client.ReferrersAPI
	if s.loc.Local() {
		list = func(ctx context.Context, loc registry.Location, digest, _ string) ([]v1.Descriptor, error) {
			return s.client.LayoutReferrers(ctx, loc, digest)
		}
	}
	found, err := list(ctx, s.loc, digest, "")
	if errors.Is(err, registry.ErrNoReferrersAPI) {
		return nil, err
	}
	hits, readErr := s.read(ctx, found, StoreReferrers)
	return hits, errors.Join(err, readErr)
}

// referrersTag reads the index under the tag sha256-<hex>, which clients write where a registry has no API (OCI
// distribution-spec, "Referrers Tag Schema"). The index itself is kept too.
func (s storeSet) referrersTag(ctx context.Context, digest string) ([]match, error) {
	tag := strings.Replace(digest, ":", "-", 1)
	part, err := s.client.Manifest(ctx, s.loc, tag)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	index := match{part, StoreReferrersTag, "referrer", tag}
	found, err := s.client.ReferrersTag(ctx, s.loc, digest)
	hits, readErr := s.read(ctx, found, StoreReferrersTag)
	return append([]match{index}, hits...), errors.Join(err, readErr)
}

// attestations reads the attestation manifests that stand beside an image in its index, where some hold signed
// statements.
// Unsigned statements are the provenance check's.
func (s storeSet) attestations(ctx context.Context, image, index string) ([]match, error) {
	part, err := s.client.Manifest(ctx, s.loc, index)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", index, err)
	}
	if !part.Holds() {
		return nil, nil // the image is unknown then, with the reason
	}
	var m v1.IndexManifest
	if err := json.Unmarshal(part.Bytes, &m); err != nil {
		return nil, fmt.Errorf("index %s: %w", index, err)
	}
	found, err := s.read(ctx, registry.BuildKitAttestations(&m, image), StoreIndex)
	var signed []match
	for _, h := range found {
		h.role = "attestation-manifest"
		if items, itemsErr := h.items(); len(items) > 0 || itemsErr != nil {
			signed = append(signed, h)
		}
	}
	return signed, err
}

// saved reads what `cosign save` put beside the image: the annotation "kind" names its kind.
// Of a layout with several images all are read; those of other images are left out by what they name.
func (s storeSet) saved(ctx context.Context) ([]match, error) {
	all, err := s.client.LayoutDescriptors(ctx, s.loc)
	if err != nil {
		return nil, err
	}
	roles := map[string]string{
		registry.KindSignatures: "signature", registry.KindAttestations: "attestation",
		registry.KindSBOMs: "sbom",
	}
	var hits []match
	var errs []error
	for _, d := range all {
		role, ok := roles[d.Annotations[registry.AnnotationKind]]
		if !ok {
			continue
		}
		found, err := s.read(ctx, []v1.Descriptor{d}, StoreLayout)
		errs = append(errs, err)
		for _, h := range found {
			h.role = role
			hits = append(hits, h)
		}
	}
	return hits, errors.Join(errs...)
}

// read fetches the manifests of a list, at most maxSignatures; more are an error beside what was read.
func (s storeSet) read(ctx context.Context, found []v1.Descriptor, store string) ([]match, error) {
	var hits []match
	var errs []error
	if len(found) > maxSignatures {
		errs = append(errs, fmt.Errorf("it lists %d, of which %d are read", len(found), maxSignatures))
		found = found[:maxSignatures]
	}
	for _, d := range found {
		part, err := s.client.Manifest(ctx, s.loc, d.Digest.String())
		if err != nil {
			errs = append(errs, fmt.Errorf("manifest %s: %w", d.Digest, err))
			continue
		}
		hits = append(hits, match{part, store, "referrer", ""})
	}
	return hits, errors.Join(errs...)
}

// reply describes what a store answered; found counts the signatures and attestations that came of it.
// A store that is silent is unreachable, and never empty.
func (q query) reply(a storeResult, found int) inspect.StoreReply {
	r := inspect.StoreReply{Store: q.store, Subject: q.subject, Status: inspect.StoreFound, Found: found}
	switch {
	case errors.Is(a.err, registry.ErrNoReferrersAPI):
		r.Status, r.Detail = inspect.StoreEmpty, "there is no referrers API; the referrers tag is what is left"
	case a.err != nil:
		r.Status, r.Detail = inspect.StoreUnreachable, a.err.Error()
	case found == 0 && len(a.hits) == 0:
		r.Status, r.Detail = inspect.StoreEmpty, "nothing about "+q.subject
	case found == 0:
		r.Detail = "something about the image, and no signature"
	default:
		r.Detail = fmt.Sprintf("%d signatures or attestations", found)
	}
	return r
}
