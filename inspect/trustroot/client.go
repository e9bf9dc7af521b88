package trustroot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tuf"
)

const (
	// timeout is how long a repository may take: verdicts wait for it.
	timeout = 20 * time.Second
	// cacheDays is for how long an update is good enough; keys are announced months ahead.
	cacheDays = 1
	// maxTarget bounds the trusted root in bytes. The metadata have bounds in the library.
	maxTarget = 4 << 20
)

// Client reads the trusted root of a TUF repository, through a cache on disk.
type Client struct {
	Cache  string // directory; it is made where it is missing
	Mirror string // address of the repository; empty: that of the public instance
	Anchor []byte // root.json that the chain of root keys begins with; empty: that of the public instance
}

// Fetched is a trusted root as TUF verified it.
type Fetched struct {
	Data []byte
	// Updated is when the repository was last asked and did answer: before now where the cache was good enough, or
	// where there is no network and the cache has not expired.
	Updated time.Time
	Mirror  string
}

// Stale reports whether the repository was asked longer ago than the cache may be used: it did not answer.
func (f Fetched) Stale(now time.Time) bool { return now.Sub(f.Updated) > (cacheDays+1)*24*time.Hour }

// Fetch returns the trusted root. The library has no context and may not stop when ctx ends, so that it runs beside,
// and its late answer is dropped. Errors: those of the library, and no answer in time.
func (c Client) Fetch(ctx context.Context) (Fetched, error) {
	if c.Mirror == "" {
		c.Mirror = tuf.DefaultMirror
	}
	if len(c.Anchor) == 0 {
		c.Anchor = tuf.DefaultRoot()
	}
	if c.Cache == "" {
		return Fetched{}, errors.New("there is no directory for the cache of The Update Framework")
	}
	if err := os.MkdirAll(c.Cache, 0o700); err != nil {
		return Fetched{}, fmt.Errorf("making the cache of The Update Framework: %w", err)
	}
	type answer struct {
		fetched Fetched
		err     error
	}
	done := make(chan answer, 1)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	go func() {
		f, err := c.fetch(ctx)
		done <- answer{f, err}
	}()
	select {
	case a := <-done:
		if a.err != nil {
			return Fetched{}, fmt.Errorf("asking %s: %w", c.Mirror, a.err)
		}
		return a.fetched, nil
	case <-ctx.Done():
		return Fetched{}, fmt.Errorf("asking %s: no answer in %s: %w", c.Mirror, timeout, ctx.Err())
	}
}

// fetch asks the repository, or takes what its cache has and what has not expired where it does not answer. An expired
// cache is refused by the library: old metadata could be replayed.
func (c Client) fetch(ctx context.Context) (f Fetched, err error) {
	defer func() { // the library parses foreign JSON
		if p := recover(); p != nil {
			err = fmt.Errorf("reading its metadata: %v", p)
		}
	}()
	client, err := tuf.New(c.options(ctx).WithCacheValidity(cacheDays))
	if err != nil {
		var cacheErr error
		if client, cacheErr = tuf.New(c.options(ctx).WithForceCache()); cacheErr != nil {
			return Fetched{}, err
		}
	}
	data, err := client.GetTarget(Target)
	if err != nil {
		return Fetched{}, err
	}
	if len(data) > maxTarget {
		return Fetched{}, fmt.Errorf("its %s is larger than %d bytes", Target, maxTarget)
	}
	return Fetched{data, c.updated(), c.Mirror}, nil
}

// options are those of the library's client for this repository.
func (c Client) options(ctx context.Context) *tuf.Options {
	return tuf.DefaultOptions().WithContext(ctx).WithCachePath(c.Cache).WithRepositoryBaseURL(c.Mirror).
		WithRoot(c.Anchor)
}

// updated reads when the library last asked the repository, which it writes beside its cache. The zero time stands for
// a file that is missing or broken: then no age is shown.
func (c Client) updated() time.Time {
	config, err := tuf.LoadConfig(filepath.Join(c.Cache, tuf.URLToPath(c.Mirror)+".json"))
	if err != nil {
		return time.Time{}
	}
	return config.LastTimestamp.UTC()
}
