package kube

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxAnswer bounds one answer of the API server, in bytes. A page of 500 large pods is about 20 MB.
const maxAnswer = 128 << 20

// guard is the transport next to the network: it lets only reading through, whatever the code
// above asks for, bounds time and size and reports to the trace. The time does not run while a credential
// plugin asks for a password: plugins run above it.
type guard struct {
	next http.RoundTripper
	base string // path of the server's URL, without a slash at the end
	// timeout is for one answer with all of its bytes; a watch or a log that is followed has its own
	timeout time.Duration // 0: requestTimeout
}

// RoundTrip sends the request if it only reads.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.check(req); err != nil {
		return nil, err
	}
	markSent(req.Context())
	r := Request{Time: time.Now(), Method: req.Method, Path: req.URL.RequestURI(), Host: req.URL.Host}
	tell := traceOf(req.Context()).Request
	if tell == nil {
		tell = func(Request) {}
	}
	limit, timeout := int64(maxAnswer), cmp.Or(g.timeout, requestTimeout)
	if lasts(req) {
		limit, timeout = math.MaxInt64, watchTime+requestTimeout // who reads it bounds each event or line
	}
	ctx, stop := context.WithTimeout(req.Context(), timeout)
	resp, err := g.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		stop()
		r.Err, r.Elapsed = err, time.Since(r.Time)
		tell(r)
		return nil, err
	}
	r.Status, r.Waited = resp.StatusCode, time.Since(r.Time)
	r.Date, _ = http.ParseTime(resp.Header.Get("Date")) // zero for what is no date
	resp.Body = &bounded{body: resp.Body, limit: limit, request: r, tell: tell, stop: stop}
	return resp, nil
}

// lasts reports a request whose answer is a stream: a watch, or a log that is followed.
func lasts(req *http.Request) bool {
	q := req.URL.Query()
	return req.Method == http.MethodGet && (q.Get("watch") == "true" || q.Get("follow") == "true")
}

// check refuses what could change something: every method but GET and HEAD, the subresources
// that reach into a pod or node although they answer to GET, and connections that stop being HTTP.
// Asking what one may do oneself is a POST that changes nothing.
func (g *guard) check(req *http.Request) error {
	where := g.locate(req.URL.Path)
	refuse := fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, ErrRefused)
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		// a GET with Upgrade is how kubectl exec and port-forward begin
		if reachesIn(where) || req.Header.Get("Upgrade") != "" {
			return refuse
		}
		return nil
	case http.MethodPost:
		if slices.Contains(selfReviews(), strings.Join(where, "/")) {
			return nil
		}
	}
	return refuse
}

// selfReviews are the POSTs that only ask about oneself.
func selfReviews() []string {
	return []string{
		"apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
		"apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
		"apis/authentication.k8s.io/v1/selfsubjectreviews",
	}
}

// locate is the path below the server's URL, in segments.
func (g *guard) locate(path string) []string {
	return strings.Split(strings.Trim(strings.TrimPrefix(path, g.base), "/"), "/")
}

// reachesIn reports /api/v1/[namespaces/NS/]RESOURCE/NAME/SUBRESOURCE with a subresource that
// runs or carries something: exec, attach, portforward, proxy.
func reachesIn(where []string) bool {
	if len(where) < 2 || where[0] != "api" {
		return false
	}
	rest := where[2:]
	if len(rest) > 2 && rest[0] == "namespaces" {
		rest = rest[2:]
	}
	if len(rest) > 0 && (rest[0] == "proxy" || rest[0] == "watch" && len(rest) > 1 && rest[1] == "proxy") {
		return true // the old form /api/v1/proxy/…
	}
	return len(rest) > 2 && slices.Contains([]string{"exec", "attach", "portforward", "proxy", "run"}, rest[2])
}

// bounded reads an answer up to its limit and reports the outcome when it is closed.
type bounded struct {
	body    io.ReadCloser
	limit   int64 // bytes
	request Request
	tell    func(Request)
	stop    context.CancelFunc
	told    bool
}

// Read reads on, or fails with ErrLimit.
func (b *bounded) Read(p []byte) (int, error) {
	// one read past the limit may still come; the bound is on memory, not an exact size
	if b.request.Bytes >= b.limit {
		return 0, fmt.Errorf("reading an answer of more than %d MB: %w", b.limit>>20, ErrLimit)
	}
	n, err := b.body.Read(p)
	b.request.Bytes += int64(n)
	return n, err
}

// Close reports to the trace, once.
func (b *bounded) Close() error {
	if !b.told {
		b.told = true
		b.request.Elapsed = time.Since(b.request.Time)
		b.tell(b.request)
	}
	err := b.body.Close()
	b.stop()
	return err
}
