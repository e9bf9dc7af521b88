package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// ReferrersAPI asks a registry's referrers API who refers to a digest; an empty artifactType asks for all of them
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers).
// Errors: ErrNoReferrersAPI; with a *LimitError come those that were read.
func (c *Client) ReferrersAPI(ctx context.Context, loc Location, digest, artifactType string) ([]v1.Descriptor, error) {
	if loc.Local() {
		return nil, ErrNoReferrersAPI
	}
	repo, err := c.repository(ctx, loc)
	if err != nil {
		return nil, err
	}
	if !IsDigest(digest) {
		return nil, fmt.Errorf("listing referrers of %q: it is not sha256:<hex>", digest)
	}
	always := func([]v1.Descriptor) bool { return true }
	found, err := once(ctx, "referrers "+repo.repo.Name()+"@"+digest+" "+artifactType, always,
		func() ([]v1.Descriptor, error) {
			return repo.referrers(ctx, digest, artifactType)
		})
	found = slices.Clone(found) // others get the same
	if err != nil {
		return found, fmt.Errorf("listing referrers of %s: %w", digest, err)
	}
	return found, nil
}

func (r *repository) referrers(ctx context.Context, digest, artifactType string) ([]v1.Descriptor, error) {
	ctx, cancel := context.WithTimeout(ctx, smallTimeout)
	defer cancel()
	next := url.URL{Scheme: r.repo.Scheme(), Host: r.repo.RegistryStr(), Path: "/v2/" + r.repo.RepositoryStr() +
		"/referrers/" + digest}
	if artifactType != "" {
		next.RawQuery = url.Values{"artifactType": {artifactType}}.Encode()
	}
	var found []v1.Descriptor
	for range MaxReferrerPages {
		page, link, err := r.referrersPage(ctx, next, artifactType)
		if err != nil {
			return found, err
		}
		found = append(found, page...)
		if len(found) > MaxReferrers {
			return found[:MaxReferrers], &LimitError{What: "number of referrers", Limit: MaxReferrers}
		}
		if link == nil {
			return found, nil
		}
		next = *link
	}
	return found, &LimitError{What: "number of pages of referrers", Limit: MaxReferrerPages}
}

// referrersPage reads one page and where the next one is.
func (r *repository) referrersPage(ctx context.Context, target url.URL, artifactType string) ([]v1.Descriptor,
	*url.URL, error,
) {
	resp, err := r.doURL(ctx, http.MethodGet, target, http.Header{"Accept": {string(types.OCIImageIndex)}})
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	// The specification has 404 for "no such API"; these others are what registries and proxies in the field answer.
	// 401, 403, 429 and 5xx are no answer to the question.
	case http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusNotImplemented:
		return nil, nil, ErrNoReferrersAPI
	}
	if err := r.checkStatus(resp, http.StatusOK); err != nil {
		return nil, nil, err
	}
	if contentType(resp) != types.OCIImageIndex {
		return nil, nil, ErrNoReferrersAPI // a web page of a proxy, say
	}
	data, err := readAll(resp.Body, MaxManifest, "size of the list of referrers in bytes")
	if err != nil {
		return nil, nil, err
	}
	page, err := parseReferrers(data)
	if err != nil {
		return nil, nil, err
	}
	// a registry may ignore the filter; OCI-Filters-Applied shows that it did not
	if artifactType != "" && !filtered(resp.Header) {
		page = ofType(page, artifactType)
	}
	link, err := nextPage(resp.Header.Values("Link"), target)
	return page, link, err
}

// parseReferrers parses an index of referrers, for which an empty list is a good answer.
func parseReferrers(data []byte) ([]v1.Descriptor, error) {
	if isNull(data) {
		return nil, nil
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("parsing list of referrers: %w", err)
	}
	var good []v1.Descriptor
	for _, d := range index.Manifests {
		// one broken entry hides no other
		if checkDescriptor(d) == nil {
			good = append(good, d)
		}
	}
	return good, nil
}

// filtered reports whether the registry has applied the filter by artifact type (distribution-spec, "Listing
// Referrers").
func filtered(header http.Header) bool {
	for _, name := range strings.Split(header.Get("OCI-Filters-Applied"), ",") {
		if strings.TrimSpace(name) == "artifactType" {
			return true
		}
	}
	return false
}

// ofType leaves the referrers of one artifact type.
func ofType(all []v1.Descriptor, artifactType string) []v1.Descriptor {
	var some []v1.Descriptor
	for _, d := range all {
		if d.ArtifactType == artifactType {
			some = append(some, d)
		}
	}
	return some
}

// nextPage returns the link with the relation "next" among those of an answer, nil where there is none. The next page
// is on the same host, or it is refused.
func nextPage(headers []string, from url.URL) (*url.URL, error) {
	target, ok := NextLink(headers)
	if !ok {
		return nil, nil
	}
	link, err := from.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("parsing link to the next page: %w", err)
	}
	if link.Host != from.Host || !strings.HasPrefix(link.Path, "/v2/") {
		return nil, errors.New("the next page is somewhere else")
	}
	// a registry behind a proxy names itself by http; the connection stays the one that was opened
	link.Scheme = from.Scheme
	return link, nil
}

// ReferrersTag reads the index under the tag sha256-<hex>, which lists referrers where the API is missing. It works
// for registries, layouts and OCI archives. Errors: ErrNotFound; *LimitError with those that were read.
func (c *Client) ReferrersTag(ctx context.Context, loc Location, digest string) ([]v1.Descriptor, error) {
	if !IsDigest(digest) {
		return nil, fmt.Errorf("listing referrers of %q: it is not sha256:<hex>", digest)
	}
	part, err := c.Manifest(ctx, loc, strings.Replace(digest, ":", "-", 1))
	if err != nil {
		return nil, fmt.Errorf("listing referrers of %s by tag: %w", digest, err)
	}
	if !part.Holds() {
		return nil, fmt.Errorf("listing referrers of %s by tag: %s: %s", digest, part.Problem, part.Detail)
	}
	found, err := parseReferrers(part.Bytes)
	if err == nil && len(found) > MaxReferrers {
		found, err = found[:MaxReferrers], &LimitError{What: "number of referrers", Limit: MaxReferrers}
	}
	if err != nil {
		return found, fmt.Errorf("listing referrers of %s by tag: %w", digest, err)
	}
	return found, nil
}

// LayoutDescriptors returns all descriptors of a layout's index.json with their annotations; cosign's save marks them
// by the annotation "kind" (KindSignatures, KindAttestations and so on). It is empty for registries and docker-save.
func (c *Client) LayoutDescriptors(ctx context.Context, loc Location) ([]v1.Descriptor, error) {
	if !loc.Local() {
		return nil, nil
	}
	opened, err := c.locals.get(ctx, loc)
	if err != nil {
		return nil, err
	}
	layout, _ := opened.reads()
	if layout == nil {
		return nil, nil
	}
	return append([]v1.Descriptor(nil), layout.index.Manifests...), nil
}

// LayoutReferrers returns those descriptors of a layout's index.json whose manifest names digest as its subject, each
// digest once.
func (c *Client) LayoutReferrers(ctx context.Context, loc Location, digest string) ([]v1.Descriptor, error) {
	descriptors, err := c.LayoutDescriptors(ctx, loc)
	if err != nil {
		return nil, err
	}
	var found []v1.Descriptor
	seen := map[string]bool{}
	for _, d := range descriptors {
		if seen[d.Digest.String()] {
			continue
		}
		seen[d.Digest.String()] = true
		part, err := c.Manifest(ctx, loc, d.Digest.String())
		if err != nil || !part.Holds() {
			continue
		}
		doc, err := parseDocument(part.Bytes)
		if err != nil {
			continue
		}
		if subject := doc.subject(); subject != nil && subject.Digest.String() == digest {
			d.ArtifactType = firstOf(d.ArtifactType, doc.artifactType())
			found = append(found, d)
		}
	}
	return found, nil
}

// subject is what the document refers to; nil where it stands for itself.
func (d document) subject() *v1.Descriptor {
	if d.index != nil {
		return d.index.Subject
	}
	return d.manifest.Subject
}

// artifactType is the manifest's own, else its config's media type, as the distribution specification has it.
func (d document) artifactType() string {
	if d.index != nil {
		return ""
	}
	return firstOf(d.manifest.ArtifactType, string(d.manifest.Config.MediaType))
}
