package main

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// floor unpacks and hashes the gzip files that args name, as many at a time as there are cores, by Go's standard
// library: what must be done with the layers of an image before anything is known about them.
func floor(ctx context.Context, files []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, name := range files {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return unpackAndHash(name)
		})
	}
	return group.Wait()
}

func unpackAndHash(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("reading a layer: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("unpacking %s: %w", name, err)
	}
	if _, err := io.Copy(sha256.New(), z); err != nil {
		return fmt.Errorf("unpacking %s: %w", name, err)
	}
	return nil
}
