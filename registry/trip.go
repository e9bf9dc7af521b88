package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// trip is the one way out to the network: it names us, logs, retries, waits when asked to, and refuses whatever is
// not reading. Authentication is wrapped around it.
type trip struct {
	inner     http.RoundTripper
	userAgent string
	limits    *rateLimits
	pace      pace
	notice    func(string)
	log       func(Request)
	sleep     func(context.Context, time.Duration) error
}

// RoundTrip makes a request, several times if need be.
func (t *trip) RoundTrip(in *http.Request) (*http.Response, error) {
	if err := allowed(in); err != nil {
		return nil, err
	}
	if err := t.limits.check(in); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		ctx, cancel := context.WithCancelCause(in.Context())
		req, err := t.prepare(in.Clone(ctx))
		if err != nil {
			cancel(nil)
			return nil, err
		}
		sent := time.Now()
		resp, err := t.inner.RoundTrip(req)
		t.record(req, resp, sent)
		if err == nil {
			t.limits.learn(req, resp)
			paced(ctx, cancel, resp, t.pace)
		} else {
			cancel(nil)
		}
		wait, why := t.again(resp, err, attempt)
		if why == "" {
			return resp, err
		}
		if resp != nil {
			drain(resp.Body)
		}
		if wait > MaxRetryAfter || attempt == MaxAttempts || isTimeout(err) && attempt == maxTimeouts {
			return nil, t.giveUp(req, resp, err, wait, why)
		}
		t.notify(in.Context(), fmt.Sprintf("%s %s, trying again in %s", req.URL.Host, why,
			wait.Round(100*time.Millisecond)))
		if err := t.sleep(in.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// errInClear is the error of a request whose body has an identity token and whose connection is not encrypted. Other
// credentials are in a header, see prepare.
var errInClear = errors.New("credentials are not sent over plain http")

// allowed refuses whatever could change something, and the link-local addresses where clouds hand out credentials:
// a registry must not send us there (the realm of a challenge, a redirect).
func allowed(req *http.Request) error {
	// The one POST is that for an OAuth2 token (distribution/docs/spec/auth/oauth.md), which changes nothing.
	token := req.Method == http.MethodPost && req.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
	if req.Method != http.MethodGet && req.Method != http.MethodHead && !token {
		return fmt.Errorf("refusing %s %s: only reading is allowed", req.Method, showURL(req.URL))
	}
	if token && req.URL.Scheme == "http" && !isLoopback(req.URL.Hostname()) {
		return fmt.Errorf("refusing %s %s: %w", req.Method, showURL(req.URL), errInClear)
	}
	// 169.254.169.254 and fe80::/10 serve credentials to any request of the right machine. Names that resolve there
	// are not looked up here.
	if addr, err := netip.ParseAddr(req.URL.Hostname()); err == nil && addr.Unmap().IsLinkLocalUnicast() {
		return fmt.Errorf("refusing %s: it is a link-local address", showURL(req.URL))
	}
	return nil
}

// notify hands a notice to the scope of a request, else to the client.
func (t *trip) notify(ctx context.Context, text string) {
	if notice := scopeOf(ctx).Notice; notice != nil {
		notice(text)
		return
	}
	t.notice(text)
}

// prepare makes a request that is sent out of one that was asked for.
func (t *trip) prepare(in *http.Request) (*http.Request, error) {
	req := in
	if in.GetBody != nil {
		body, err := in.GetBody()
		if err != nil {
			return nil, err
		}
		req.Body = body
	}
	req.Header.Set("User-Agent", t.userAgent)
	// Else the transport would unpack answers, and their bytes would no longer be those that the digest names.
	req.Header.Set("Accept-Encoding", "identity")
	if req.URL.Scheme == "http" && !isLoopback(req.URL.Hostname()) {
		// Credentials never travel in the clear; whoever needs them there gets a 401 and words.
		req.Header.Del("Authorization")
	}
	return req, nil
}

// again is how long to wait and why the request must be made again; an empty why means that it is done.
func (t *trip) again(resp *http.Response, err error, attempt int) (time.Duration, string) {
	// 0.5 s, 2 s, 4.5 s
	pause := time.Duration(attempt*attempt) * 500 * time.Millisecond
	if err != nil {
		if isTemporary(err) {
			return pause, "does not answer (" + err.Error() + ")"
		}
		return 0, ""
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return max(pause, retryAfter(resp)), "asks for fewer requests (429)"
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout:
		return max(pause, retryAfter(resp)), fmt.Sprintf("answers with status %d", resp.StatusCode)
	}
	return 0, ""
}

// giveUp is the error of a request that is not tried again.
func (t *trip) giveUp(req *http.Request, resp *http.Response, err error, wait time.Duration, why string) error {
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		return &RateLimitError{Host: showHost(req.URL.Host), RetryAfter: wait, Remaining: -1}
	}
	return &StatusError{Method: req.Method, URL: showURL(req.URL), Status: resp.StatusCode, Text: "the registry " + why}
}

// isTemporary recognizes failures that another try may mend. A refused connection or an unknown host is none.
func isTemporary(err error) bool {
	var netErr net.Error
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	// a connection that a server closed while it was idle shows so; the request did not reach it
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || (errors.As(err, &netErr) && netErr.Timeout())
}

// isTimeout reports that no answer came within StallTimeout.
func isTimeout(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

// record gives each request to the custody log of its case, refused and failed ones too.
func (t *trip) record(req *http.Request, resp *http.Response, sent time.Time) {
	log := scopeOf(req.Context()).Log
	if log == nil {
		log = t.log
	}
	if log == nil {
		return
	}
	entry := Request{Method: req.Method, URL: showURL(req.URL), Bytes: -1, Time: time.Now().UTC(), Host: req.URL.Host}
	entry.Sent, entry.Waited = sent.UTC(), time.Since(sent)
	if resp != nil {
		entry.Status, entry.Bytes = resp.StatusCode, resp.ContentLength
		entry.Date, _ = http.ParseTime(resp.Header.Get("Date")) // zero for what is no date
	}
	log(entry)
}

// showURL leaves out the user, and the values of the query: signed download links carry secrets there.
func showURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if u.RawQuery != "" {
		return shown.String() + "?…"
	}
	return shown.String()
}

// checkRedirect follows redirects within bounds: never from https to http, and never from a public host to an
// address of a private network, which a stranger's registry could have us ask.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	// net/http has the same bound by default; a CheckRedirect of our own replaces it
	if len(via) >= MaxRedirects {
		return fmt.Errorf("stopping after %d redirects", len(via))
	}
	if from.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("refusing redirect from https to %s", showURL(req.URL))
	}
	if req.URL.Hostname() != from.Hostname() && isPrivate(req.URL.Hostname()) && !isPrivate(from.Hostname()) {
		return fmt.Errorf("refusing redirect from %s to the private address %s", from.Host, req.URL.Host)
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || (err == nil && addr.Unmap().IsLoopback())
}

// isPrivate reports an address of this machine or of a private network (RFC 1918, RFC 4193); a name is none of them,
// except localhost.
func isPrivate(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return isLoopback(host)
	}
	addr = addr.Unmap()
	return addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified()
}

// drain lets the connection be used again, if little is left to read.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}

// sleep waits, and ends with its context.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
