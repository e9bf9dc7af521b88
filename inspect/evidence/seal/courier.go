package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect/text"
)

const (
	// requestTimeout bounds one request, with its answer. Fulcio and Rekor answer within seconds; the public log has
	// been seen to take ten.
	requestTimeout = 30 * time.Second
	// maxAnswer bounds an answer, in bytes. Certificates and log entries have some kilobytes.
	maxAnswer = 1 << 20
	// maxSnippet bounds what an error quotes of an answer, in bytes.
	maxSnippet = 200
)

// Log is told of each request that was answered, for the chain of custody. Nil: it is not recorded.
type Log func(method, url string, status int, bytes int64)

// courier carries the requests to one service. It is given to clients of libraries as their transport, so that what
// holds of all requests is in one place: they end with ctx, their answers have a bound, and no redirect is followed,
// which could carry a token to another host.
type courier struct {
	ctx  context.Context
	what string // of which service: the certificate authority
	log  Log
}

// RoundTrip sends one request and reads the whole answer. What is no answer to go on with is an error that quotes it.
func (c courier) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, stop := context.WithTimeout(c.ctx, requestTimeout)
	defer stop()
	answer, err := http.DefaultTransport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", c.what, err)
	}
	if c.log != nil {
		c.log(r.Method, public(r.URL), answer.StatusCode, int64(len(body)))
	}
	switch {
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("reading the answer of %s: more than %d bytes", c.what, maxAnswer)
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return nil, fmt.Errorf("%s answered %s%s", c.what, text.Clean(answer.Status), snippet(body))
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// public is an address without what may be secret in it.
func public(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	return shown.String()
}

// snippet is the begin of an answer for an error. It is foreign text.
func snippet(body []byte) string {
	if len(body) > maxSnippet {
		body = body[:maxSnippet]
	}
	quoted := strings.TrimSpace(text.Clean(strings.ToValidUTF8(string(body), "")))
	if quoted == "" {
		return ""
	}
	return ": " + quoted
}

// CheckURL refuses an address that requests must not go to. Where a secret is sent, that is every one without TLS but
// for this machine's own; a timestamp has its own signature, and its authorities are commonly reached by plain HTTP.
func CheckURL(raw string, secret bool) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return err
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return fmt.Errorf("%q is not an address such as https://host/path", text.Clean(raw))
	case u.User != nil:
		return errors.New("it contains a user name or password")
	case secret && u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("%q is not encrypted: https is needed, since an identity token is sent", text.Clean(raw))
	}
	return nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
