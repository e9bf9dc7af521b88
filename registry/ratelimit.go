package registry

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rateWindow is used where a registry does not give the length of its window.
const rateWindow = time.Minute

// rateLimits remembers which hosts have few requests left. Docker Hub counts the manifests that an address gets, and
// the cluster behind the same address needs the rest, so we stop at a quarter
// (https://docs.docker.com/docker-hub/usage/pulls/).
type rateLimits struct {
	mu    sync.Mutex
	hosts map[string]rateState
	now   func() time.Time
}

type rateState struct {
	remaining, limit int
	until            time.Time
}

// check refuses the requests that registries count, GETs of manifests, to a host that has a quarter left.
func (r *rateLimits) check(req *http.Request) error {
	if !counts(req) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	state, ok := r.hosts[req.URL.Host]
	wait := state.until.Sub(r.now())
	if !ok || wait <= 0 {
		return nil
	}
	return &RateLimitError{
		Host: showHost(req.URL.Host), RetryAfter: wait, Remaining: state.remaining,
		Limit: state.limit,
	}
}

// counts reports a request that Docker Hub counts as a pull: a GET of a manifest, whether it is an image or not.
func counts(req *http.Request) bool {
	return req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/manifests/")
}

// learn reads "ratelimit-limit: 100;w=21600" and "ratelimit-remaining: 24;w=21600".
func (r *rateLimits) learn(req *http.Request, resp *http.Response) {
	limit, _, ok := rateHeader(resp.Header.Get("Ratelimit-Limit"))
	remaining, window, ok2 := rateHeader(resp.Header.Get("Ratelimit-Remaining"))
	if !ok || !ok2 || limit <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// divided, not multiplied: the numbers are the registry's, and a product may overflow
	if remaining > limit/4 {
		delete(r.hosts, req.URL.Host)
		return
	}
	r.hosts[req.URL.Host] = rateState{remaining: remaining, limit: limit, until: r.now().Add(window)}
}

// rateHeader reads a count with its window in seconds. A window that makes no sense is that of rateWindow.
func rateHeader(text string) (count int, window time.Duration, ok bool) {
	first, rest, _ := strings.Cut(text, ";")
	count, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || count < 0 {
		return 0, 0, false
	}
	window = rateWindow
	if text, found := strings.CutPrefix(strings.TrimSpace(rest), "w="); found {
		if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
			window = time.Duration(seconds) * time.Second
		}
	}
	return count, window, true
}

// retryAfter reads Retry-After in both its forms (RFC 9110, 10.2.3); zero when there is none.
func retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
