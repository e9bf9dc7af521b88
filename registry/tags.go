package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Tags lists the tags of a repository
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags), in the registry's order.
// Errors: ErrNotFound; with a *LimitError come those that were read. Local places have no such list: ErrNotFound.
func (c *Client) Tags(ctx context.Context, loc Location) ([]string, error) {
	if loc.Local() {
		return nil, fmt.Errorf("listing the tags of %s: %w", loc, ErrNotFound)
	}
	repo, err := c.repository(ctx, loc)
	if err != nil {
		return nil, err
	}
	tags, err := repo.tags(ctx)
	if err != nil {
		return tags, fmt.Errorf("listing the tags of %s: %w", loc.Name(), err)
	}
	return tags, nil
}

// Tagged is what a tag means today.
type Tagged struct {
	Digest  string    // empty where the registry does not say
	Changed time.Time // of the manifest, as the registry says it (Last-Modified); zero for most, which do not
}

// TagNow asks with HEAD what a tag of the repository means today. Errors: ErrNotFound.
func (c *Client) TagNow(ctx context.Context, loc Location, tag string) (Tagged, error) {
	if loc.Local() {
		return Tagged{}, fmt.Errorf("asking %s for tag %s: %w", loc, tag, ErrNotFound)
	}
	repo, err := c.repository(ctx, loc)
	if err != nil {
		return Tagged{}, err
	}
	meant, err := repo.head(ctx, tag)
	return Tagged{Digest: hashString(meant.desc.Digest), Changed: meant.changed}, err
}

// tags reads page after page, within both bounds: of tags and of pages, which may be empty.
func (r *repository) tags(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, smallTimeout)
	defer cancel()
	next := url.URL{
		Scheme: r.repo.Scheme(), Host: r.repo.RegistryStr(), Path: "/v2/" + r.repo.RepositoryStr() + "/tags/list",
		RawQuery: url.Values{"n": {strconv.Itoa(tagsPerPage)}}.Encode(),
	}
	var all []string
	for range maxTagPages {
		page, link, err := r.tagsPage(ctx, next)
		all = append(all, page...)
		switch {
		case err != nil:
			return all, err
		case len(all) > MaxTags:
			return all[:MaxTags], &LimitError{What: "number of tags", Limit: MaxTags}
		case link == nil:
			return all, nil
		}
		next = *link
	}
	return all, &LimitError{What: "number of pages of tags", Limit: maxTagPages}
}

// tagsPage reads one page and where the next one is.
func (r *repository) tagsPage(ctx context.Context, target url.URL) ([]string, *url.URL, error) {
	resp, err := r.doURL(ctx, http.MethodGet, target, http.Header{"Accept": {"application/json"}})
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, nil, ErrNotFound
	}
	if err := r.checkStatus(resp, http.StatusOK); err != nil {
		return nil, nil, err
	}
	data, err := readAll(resp.Body, MaxManifest, "size of the list of tags in bytes")
	if err != nil {
		return nil, nil, err
	}
	tags, err := parseTags(data)
	if err != nil {
		return nil, nil, err
	}
	link, err := nextPage(resp.Header.Values("Link"), target)
	return tags, link, err
}

// parseTags reads a page of tags; names that no tag can have are left out.
func parseTags(data []byte) ([]string, error) {
	var page struct {
		Tags []string `json:"tags"`
	}
	if err := json.Unmarshal(data, &page); err != nil {
		return nil, errors.New("the list of tags is no JSON object")
	}
	// filtered in place; the page is not used any more
	good := page.Tags[:0]
	for _, t := range page.Tags {
		if tagForm.MatchString(t) {
			good = append(good, t)
		}
	}
	return good, nil
}
