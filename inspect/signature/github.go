package signature

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/backtrail/backtrail/registry"
)

// Where GitHub's interface is, unless GITHUB_API_URL is set.
const gitHubAPI = "https://api.github.com"

// gitHubTimeout bounds one request to GitHub.
const gitHubTimeout = 30 * time.Second

// Attestations is GitHub's store of attestations, asked by repository and digest
// (https://docs.github.com/en/rest/repos/attestations). It is only queried where a person allows it: the query
// discloses GitHub which digest is looked at.
// It is safe for concurrent use.
type Attestations struct {
	base         string
	token        string
	userAgent    string
	repositories []string
	client       *http.Client
	log          func(method, url string, status int, bytes int64)
	kept         map[string][][]byte // of a bundle, by digest; then GitHub is not asked
}

// AttestationOptions are where and how GitHub is queried.
type AttestationOptions struct {
	Base         string   // address of the interface; empty: api.github.com
	Token        string   // empty: without a login, which GitHub allows for public repositories
	UserAgent    string   // as GitHub wants one
	Repositories []string // OWNER/REPO; empty: those that the image itself names
	// Log is called with each request. The address is without the values of its query. May be nil.
	Log func(method, url string, status int, bytes int64)
}

// NewAttestations prepares the questions to GitHub. Errors: an address or a repository that is none.
// No request is made here.
func NewAttestations(o AttestationOptions) (*Attestations, error) {
	if o.Base == "" {
		o.Base = gitHubAPI
	}
	base, err := url.Parse(strings.TrimSuffix(o.Base, "/"))
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, fmt.Errorf("reading the address of GitHub's interface %q: it is no http address", o.Base)
	}
	for _, r := range o.Repositories {
		if !isRepository(r) {
			return nil, fmt.Errorf("reading the GitHub repository %q: it is not OWNER/REPO", r)
		}
	}
	if o.Log == nil {
		o.Log = func(string, string, int, int64) {}
	}
	return &Attestations{
		base: base.String(), token: o.Token, userAgent: o.UserAgent, repositories: o.Repositories,
		client: &http.Client{Timeout: gitHubTimeout}, log: o.Log,
	}, nil
}

// KeptAttestations are bundles that GitHub gave before, by the digest of the image; GitHub is not asked.
// It serves the verification of a bundle of evidence, which has to work offline.
func KeptAttestations(byDigest map[string][][]byte) *Attestations {
	return &Attestations{kept: byDigest}
}

// repositoryName follows GitHub's rules for names of accounts and repositories; the lengths are above those in use.
var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,99}/[A-Za-z0-9._-]{1,100}$`)

// isRepository reports whether a text is OWNER/REPO and can stand in a path.
// The text comes from an image's own labels: without this check it could name another path of the interface.
func isRepository(name string) bool {
	return repositoryName.MatchString(name) && !strings.HasSuffix(name, "/.") && !strings.HasSuffix(name, "/..")
}

// attestationPage is what GitHub answers. Large bundles are not in it: they lie, packed, at an address of their own.
type attestationPage struct {
	Attestations []struct {
		Bundle json.RawMessage `json:"bundle"`
		URL    string          `json:"bundle_url"`
	} `json:"attestations"`
}

// bundles gives what GitHub holds about a digest in a repository: none where it answers that there is nothing. Bundles
// that came before an error are given with it.
// Pages are followed up to maxPages.
func (a *Attestations) bundles(ctx context.Context, repository, digest string) ([][]byte, error) {
	var all [][]byte
	next := fmt.Sprintf("%s/repos/%s/attestations/%s?per_page=100", a.base, repository, digest)
	for pages := 0; next != ""; pages++ {
		if pages >= maxPages {
			return all, fmt.Errorf("there are more than %d pages of attestations", maxPages)
		}
		data, header, err := a.get(ctx, next)
		if errors.Is(err, errNotThere) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		var page attestationPage
		if err := json.Unmarshal(data, &page); err != nil {
			return all, fmt.Errorf("reading the answer of %s: %w", a.base, err)
		}
		for _, one := range page.Attestations {
			if len(all) >= maxSignatures {
				return all, fmt.Errorf("there are more than %d attestations", maxSignatures)
			}
			bundle, err := a.bundle(ctx, one.Bundle, one.URL)
			if err != nil {
				return all, err
			}
			all = append(all, bundle)
		}
		next = a.nextPage(header)
	}
	return all, nil
}

// bundle is the one that stands in the answer, or the packed one at its address.
// The packed form is snappy. What is in either is judged like a bundle of any other store.
func (a *Attestations) bundle(ctx context.Context, inline json.RawMessage, address string) ([]byte, error) {
	if len(inline) > 0 && string(inline) != "null" {
		return inline, nil
	}
	if address == "" {
		return nil, errors.New("reading an attestation: GitHub gave neither a bundle nor its address")
	}
	packed, _, err := a.get(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("reading an attestation: %w", err)
	}
	if len(packed) > 0 && packed[0] == '{' {
		return packed, nil
	}
	size, err := s2.DecodedLen(packed)
	if err != nil || size > maxBundle {
		return nil, fmt.Errorf("reading an attestation: it is not packed by snappy, or larger than %d bytes", maxBundle)
	}
	data, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("unpacking an attestation: %w", err)
	}
	return data, nil
}

// errNotThere is an answer that GitHub has nothing (404), which is not the same as no answer.
var errNotThere = errors.New("there is none")

// get reads an address. The token goes to GitHub's interface only, never to where bundles are stored.
// The answer is bounded, whatever its header claims of its length.
func (a *Attestations) get(ctx context.Context, address string) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("asking GitHub: %w", err)
	}
	if req.URL.Scheme != "https" && !strings.HasPrefix(address, a.base+"/") {
		return nil, nil, fmt.Errorf("asking GitHub: it names the address %s://%s, which is not https",
			req.URL.Scheme, req.URL.Host)
	}
	req.Header.Set("User-Agent", a.userAgent)
	if strings.HasPrefix(address, a.base+"/") {
		req.Header.Set("Accept", "application/vnd.github+json")
		if a.token != "" {
			req.Header.Set("Authorization", "Bearer "+a.token)
		}
	}
	shown := req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath()
	resp, err := a.client.Do(req)
	if err != nil {
		a.log(http.MethodGet, shown, 0, 0)
		return nil, nil, fmt.Errorf("asking %s: %w", shown, withoutQuery(err))
	}
	defer resp.Body.Close()
	a.log(http.MethodGet, shown, resp.StatusCode, max(resp.ContentLength, 0))
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBundle+1))
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, nil, errNotThere
	case resp.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("asking %s: %s%s", shown, resp.Status, a.advice(resp))
	case err != nil:
		return nil, nil, fmt.Errorf("reading %s: %w", shown, err)
	case len(data) > maxBundle:
		return nil, nil, fmt.Errorf("reading %s: it is larger than %d bytes", shown, maxBundle)
	}
	return data, resp.Header, nil
}

// withoutQuery leaves out the address of an error of net/http: what stands in its query may open the door.
// Errors are recorded in the case and printed.
func withoutQuery(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// advice words what a person can do about a status: a token, or patience.
func (a *Attestations) advice(resp *http.Response) string {
	limited := resp.Header.Get("X-Ratelimit-Remaining") == "0" || resp.StatusCode == http.StatusTooManyRequests
	switch {
	case limited && a.token == "":
		return "; requests without a token are limited: set GH_TOKEN"
	case limited:
		return "; the token has been asked for too often"
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return "; GH_TOKEN needs the right attestations:read"
	}
	return ""
}

// nextPage reads the address of the next page (RFC 8288). One that leads elsewhere is not followed.
// A page elsewhere would get the token.
func (a *Attestations) nextPage(h http.Header) string {
	if target, ok := registry.NextLink(h.Values("Link")); ok && strings.HasPrefix(target, a.base+"/") {
		return target
	}
	return ""
}
