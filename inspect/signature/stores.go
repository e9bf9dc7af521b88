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

// hit is a manifest that a store gave.
type hit struct {
	part  registry.Part
	store string // as a row names it
	role  string // signature, attestation, attestation-manifest, sbom, referrer
	tag   string // by which it was found
}

// question is one store asked for one subject.
type question struct {
	store   string
	subject string
	ask     func(ctx context.Context) ([]hit, error)
}

// answer is what came of a question.
type answer struct {
	hits []hit
	err  error // of what could not be asked; hits may have come nevertheless
}

// shelf asks the stores of one image.
type shelf struct {
	client *registry.Client
	loc    registry.Location
	tags   registry.Location // where cosign's tags are: COSIGN_REPOSITORY, else with the image
}

// place is where the parts of a hit are.
func (s shelf) place(h hit) registry.Location {
	if h.store == StoreTag {
		return s.tags
	}
	return s.loc
}

// questions are all stores for each digest: the index and the manifest. image and index are the digests of the image's
// manifest and of the index that it was chosen from.
func (s shelf) questions(digests []string, image, index string) []question {
	var all []question
	if image != "" && index != "" {
		all = append(all, question{AskedIndex, image, func(ctx context.Context) ([]hit, error) {
			return s.attestations(ctx, image, index)
		}})
	}
	for _, d := range digests {
		all = append(all, question{AskedCosignTag, d, func(ctx context.Context) ([]hit, error) {
			return s.cosignTags(ctx, d)
		}})
		all = append(all, question{AskedReferrers, d, func(ctx context.Context) ([]hit, error) {
			return s.referrers(ctx, d)
		}})
		all = append(all, question{AskedReferrersTag, d, func(ctx context.Context) ([]hit, error) {
			return s.referrersTag(ctx, d)
		}})
	}
	if s.loc.Local() {
		all = append(all, question{AskedLayout, digests[0], s.saved})
	}
	return all
}

// cosignTags reads sha256-<hex>.sig, .att and .sbom. A tag that is not there is no error.
func (s shelf) cosignTags(ctx context.Context, digest string) ([]hit, error) {
	var hits []hit
	var errs []error
	for _, suffix := range []struct{ name, role string }{{"sig", "signature"}, {"att", "attestation"}, {"sbom",
		"sbom"}} {
		tag := strings.Replace(digest, ":", "-", 1) + "." + suffix.name
		part, err := s.client.Manifest(ctx, s.tags, tag)
		switch {
		case errors.Is(err, registry.ErrNotFound):
		case err != nil:
			errs = append(errs, fmt.Errorf("tag %s: %w", tag, err))
		default:
			hits = append(hits, hit{part, StoreTag, suffix.role, tag})
		}
	}
	return hits, errors.Join(errs...)
}

func (s shelf) referrers(ctx context.Context, digest string) ([]hit, error) {
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

func (s shelf) referrersTag(ctx context.Context, digest string) ([]hit, error) {
	tag := strings.Replace(digest, ":", "-", 1)
	part, err := s.client.Manifest(ctx, s.loc, tag)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	index := hit{part, StoreReferrersTag, "referrer", tag}
	found, err := s.client.ReferrersTag(ctx, s.loc, digest)
	hits, readErr := s.read(ctx, found, StoreReferrersTag)
	return append([]hit{index}, hits...), errors.Join(err, readErr)
}

// attestations reads the attestation manifests that stand beside an image in its index, where some hold signed
// statements.
func (s shelf) attestations(ctx context.Context, image, index string) ([]hit, error) {
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
	var signed []hit
	for _, h := range found {
		h.role = "attestation-manifest"
		if items, itemsErr := h.items(); len(items) > 0 || itemsErr != nil {
			signed = append(signed, h)
		}
	}
	return signed, err
}

// saved reads what `cosign save` put beside the image: the annotation "kind" says what it is.
func (s shelf) saved(ctx context.Context) ([]hit, error) {
	all, err := s.client.LayoutDescriptors(ctx, s.loc)
	if err != nil {
		return nil, err
	}
	roles := map[string]string{registry.KindSignatures: "signature", registry.KindAttestations: "attestation",
		registry.KindSBOMs: "sbom"}
	var hits []hit
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

func (s shelf) read(ctx context.Context, found []v1.Descriptor, store string) ([]hit, error) {
	var hits []hit
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
		hits = append(hits, hit{part, store, "referrer", ""})
	}
	return hits, errors.Join(errs...)
}

// reply says what a store answered; found counts the signatures and attestations that came of it.
func (q question) reply(a answer, found int) inspect.StoreReply {
	r := inspect.StoreReply{Store: q.store, Subject: q.subject, Status: inspect.StoreFound, Found: found}
	switch {
	case errors.Is(a.err, registry.ErrNoReferrersAPI):
		r.Status, r.Detail = inspect.StoreEmpty, "there is no referrers API; the referrers tag is what is left"
	case a.err != nil:
		r.Status, r.Detail = inspect.StoreUnreachable, a.err.Error()
	case found == 0 && len(a.hits) == 0:
		r.Status, r.Detail = inspect.StoreEmpty, "holds nothing about "+q.subject
	case found == 0:
		r.Detail = "holds something about the image, and no signature"
	default:
		r.Detail = fmt.Sprintf("holds %d signatures or attestations", found)
	}
	return r
}
