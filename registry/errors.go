package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ErrNotFound reports whether there is nothing under that name: no such path, tag, digest or blob.
var ErrNotFound = errors.New("not found")

// ErrNoReferrersAPI reports whether a registry does not have the referrers API; the referrers tag is what is left.
var ErrNoReferrersAPI = errors.New("the registry has no referrers API")

// ErrDamagedStore reports whether a blob in the byte store no longer matched its name. It was removed: asking
// again reads it anew from where it came.
var ErrDamagedStore = errors.New("the cached copy was damaged and is removed")

// AuthError reports whether a registry answered 401 or 403.
type AuthError struct {
	Host   string
	Status int // 401 or 403
	// names of places such as "docker or podman configuration (401)", never a user or a secret
	Tried []string // what was tried, in words, in order
	Hint  string   // the command that helps, such as "docker login ghcr.io"
}

func (e *AuthError) Error() string {
	tried := "no credentials were found"
	if len(e.Tried) > 0 {
		tried = "tried " + strings.Join(e.Tried, ", ")
	}
	text := fmt.Sprintf("%s refuses access (%d): %s", e.Host, e.Status, tried)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// RateLimitError reports whether a registry demands fewer requests, or that so few are left that the rest is kept for
// the cluster, which shares the address.
type RateLimitError struct {
	Host       string
	RetryAfter time.Duration // how long to wait; zero when the registry did not say
	Remaining  int           // requests left, -1 when the registry refused already
	Limit      int           // requests in a window, 0 when not said
}

func (e *RateLimitError) Error() string {
	if e.Remaining >= 0 {
		return fmt.Sprintf("%s has %d of %d requests left, which are kept for the cluster; log in, or try again in %s",
			e.Host, e.Remaining, e.Limit, e.RetryAfter.Round(time.Second))
	}
	if e.RetryAfter > 0 {
		return fmt.Sprintf("%s refuses more requests (429); try again in %s", e.Host, e.RetryAfter.Round(time.Second))
	}
	return fmt.Sprintf("%s refuses more requests (429)", e.Host)
}

// LimitError reports whether something is larger than what is read.
type LimitError struct {
	What  string // such as "manifest"
	Limit int64  // in the unit of What
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s is past the limit of %d", e.What, e.Limit)
}

// DigestError reports whether bytes do not match their digest.
type DigestError struct {
	Want, Have string
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("digest is %s, not %s", e.Have, e.Want)
}

// AmbiguousError reports whether a layout or archive holds several images and none was named. It is a usage error.
type AmbiguousError struct {
	Place string
	Names []string // tags, or digests of those without
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s has %d images, name one of: %s", e.Place, len(e.Names), strings.Join(e.Names, ", "))
}

// PlatformError means that an index has no image for a platform.
// It carries what the index offers, so that a person can choose (--platform), and a case can show it.
type PlatformError struct {
	Want v1.Platform
	Have []v1.Platform

	Index      string      // digest of the outermost index
	Candidates []Candidate // what the index offers for other platforms
}

func (e *PlatformError) Error() string {
	have := make([]string, len(e.Have))
	for i, p := range e.Have {
		have[i] = p.String()
	}
	return fmt.Sprintf("no image for platform %s; there are: %s", e.Want.String(), strings.Join(have, ", "))
}

// StatusError reports whether a registry answered something else than was asked for.
type StatusError struct {
	Method, URL string
	Status      int
	// quoted, at most 200 bytes: it is shown to a person
	Text string // what the registry says, cut
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: status %d", e.Method, e.URL, e.Status)
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}
