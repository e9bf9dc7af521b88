package signature

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sigstore/sigstore-go/pkg/tuf"

	"github.com/backtrail/backtrail/inspect"
)

// tufTimeout is how long the public instance's repository may take: verdicts wait for it.
const tufTimeout = 20 * time.Second

// tufCacheDays is for how long an update of the trusted root is good enough; keys are announced months ahead.
const tufCacheDays = 1

// fromTUF reads the trusted root of the public instance by The Update Framework, through its cache on disk.
func (t *Trust) fromTUF() (Root, error) {
	if t.opts.Offline {
		return Root{}, errOffline
	}
	if t.opts.CacheDir == "" {
		return Root{}, errors.New("there is no directory for the cache of The Update Framework")
	}
	dir := t.opts.CacheDir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Root{}, fmt.Errorf("making the cache of The Update Framework: %w", err)
	}
	type answer struct {
		data []byte
		err  error
	}
	done := make(chan answer, 1)
	ctx, cancel := context.WithTimeout(context.Background(), tufTimeout)
	defer cancel()
	go func() {
		data, err := fetchRoot(ctx, dir)
		done <- answer{data, err}
	}()
	select {
	case a := <-done:
		if a.err != nil {
			return Root{}, fmt.Errorf("asking %s: %w", tuf.DefaultMirror, a.err)
		}
		r, err := NewRoot(a.data, inspect.TrustTUF, tuf.DefaultMirror)
		r.Record.Age = "0d"
		return r, err
	case <-ctx.Done():
		return Root{}, fmt.Errorf("asking %s: no answer in %s", tuf.DefaultMirror, tufTimeout)
	}
}

// fetchRoot asks the repository, or takes what its cache holds and what has not expired where it does not answer.
func fetchRoot(ctx context.Context, dir string) ([]byte, error) {
	options := func() *tuf.Options { return tuf.DefaultOptions().WithContext(ctx).WithCachePath(dir) }
	client, err := tuf.New(options().WithCacheValidity(tufCacheDays))
	if err != nil {
		var cacheErr error
		if client, cacheErr = tuf.New(options().WithForceCache()); cacheErr != nil {
			return nil, err
		}
	}
	return client.GetTarget("trusted_root.json")
}
