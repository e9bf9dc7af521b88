package signature

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/backtrail/backtrail/registry"
)

var errNotThere = errors.New("there is none")

// get reads an address. The token goes to GitHub's interface only, never to where bundles are stored.
func (a *Attestations) get(ctx context.Context, address string) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("asking GitHub: %w", err)
	}
	if req.URL.Scheme != "https" && !strings.HasPrefix(address, a.base+"/") {
		return nil, nil, fmt.Errorf("asking GitHub: it names the address %s://%s, which is not https", req.URL.Scheme, req.URL.Host)
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
func withoutQuery(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func (a *Attestations) advice(resp *http.Response) string {
	limited := resp.Header.Get("X-Ratelimit-Remaining") == "0" || resp.StatusCode == http.StatusTooManyRequests
	switch {
	case limited && a.token == "":
		return "; nobody may ask so often without a token: set GH_TOKEN"
	case limited:
		return "; the token has been asked for too often"
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return "; GH_TOKEN needs the right attestations:read"
	}
	return ""
}

// nextPage reads the address of the next page (RFC 8288). One that leads elsewhere is not followed.
func (a *Attestations) nextPage(h http.Header) string {
	if target, ok := registry.NextLink(h.Values("Link")); ok && strings.HasPrefix(target, a.base+"/") {
		return target
	}
	return ""
}
