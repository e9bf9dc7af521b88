package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
	"github.com/spf13/cobra"
)

// cacheCommand is the verb cache. What was read of registries can be read again, with one exception: what a case rests
// on may be gone from its registry by now, since attackers delete tags. That is why prune reads the cases first.
func cacheCommand(f *flags, std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "The cache of registries: its size; prune and verify",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withStore(func(s *registry.Store) error { return size(std, s) })
		},
	}
	var days int
	prune := &cobra.Command{
		Use:   "prune",
		Short: "Remove unused entries; what cases need that were not exported is kept",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 0 {
				return usage("cache prune: --days %d is no number of days", days)
			}
			return f.withStore(func(s *registry.Store) error { return pruneCache(cmd.Context(), std, s, days) })
		},
	}
	prune.Flags().IntVar(&days, "days", 30, "keep entries that were used in the last `DAYS`")
	verify := &cobra.Command{
		Use:   "verify",
		Short: "Read every entry again and compare it with its digest; damaged entries are set aside",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withStore(func(s *registry.Store) error { return verifyCache(cmd.Context(), std, s) })
		},
	}
	cmd.AddCommand(prune, verify)
	return cmd
}

// withStore opens the cache for as long as do works on it. A cache that is not there yet is made, and is empty.
func (f *flags) withStore(do func(*registry.Store) error) error {
	dir, err := f.cacheDir()
	if err != nil {
		return err
	}
	store, err := registry.OpenStore(dir)
	if err != nil {
		return hinted(err, "--cache DIR chooses another place for the cache")
	}
	return do(store)
}

// size prints where the cache is, and how large: exactly, for scripts, and rounded.
func size(std streams, s *registry.Store) error {
	bytes, files, err := s.Size()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s: %d files, %d bytes (%s)\n", s.Dir(), files, bytes, text.Size(bytes))
	return err
}

// verifyCache reads every entry and compares it with its digest. An entry that differs is a damaged disk, or someone
// who wants a later case to read other bytes: it is moved aside and kept, since it may be evidence, and exit is 3.
func verifyCache(ctx context.Context, std streams, s *registry.Store) error {
	bad, err := s.Verify(ctx)
	if err != nil {
		return err
	}
	for _, name := range bad {
		if err := s.SetAside(name); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "damaged, set aside: %s\n", name)
	}
	if len(bad) > 0 {
		return &exitError{
			code: exitFailed,
			err: fmt.Errorf("%s of the cache: the content does not match the name or the checksum",
				text.Count(len(bad), "file")),
			hints: []string{
				"they are set aside in " + filepath.Join(s.Dir(), "damaged") +
					": the next case that needs what they should have been reads it anew",
			},
		}
	}
	_, err = fmt.Fprintln(std.out, "every file matches its digest")
	return err
}

// pruneCache removes what is old, but for what cases need that are not exported: the registry may not have it any more.
// Age is that of the last use, in days of 24 hours. An interrupted run removes nothing: as long as not every case was
// read, it is not known what must stay.
func pruneCache(ctx context.Context, std streams, s *registry.Store, days int) error {
	_, saved, err := savedCases(ctx)
	if err != nil {
		return err
	}
	var kept registry.Kept
	// The layer cache names the records of layers and trees by their digests; it reads none of them here.
	cache := layer.NewCache(s)
	var why []string
	for _, c := range saved {
		if reason := needs(c); reason != "" {
			why = append(why, text.Clean(c.ID)+": "+reason)
			keepCase(ctx, cache, &kept, c)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	pruned, err := s.Prune(ctx, time.Now().AddDate(0, 0, -days), kept)
	if err != nil {
		return err
	}
	return printPruned(std, pruned, why)
}

// needs describes why what a case names must stay; "" for a case that was exported as it is. A case that cannot be read
// is never taken for one that needs nothing.
func needs(c ledger.Saved) string {
	switch {
	case c.Problem != "":
		return "it cannot be read, so that what it needs is known in part only: " + text.Clean(c.Problem)
	case c.Running:
		return "open now"
	case len(c.Exported) == 0:
		return "not exported"
	case c.AddedTo():
		return "added to since it was exported"
	default:
		return ""
	}
}

// keepCase names all that the events of a case rest on. Of a case that breaks off it is what stands before that.
//
// A kind of fact that refers to bytes by digest needs a line here, or prune removes these bytes under a case that can
// still be exported: blobs of images and of the known-good, exhibits of the cluster, layers with their listings and
// merged trees, trust roots, and the raw parts of signatures, provenance and alerts.
func keepCase(ctx context.Context, cache *layer.Cache, kept *registry.Kept, c ledger.Saved) {
	_ = c.Replay()(ctx, func(e inspect.Event) {
		switch f := e.Fact.(type) {
		case inspect.Blob:
			// Of a layer more is stored than its blob: the listing, and the files that were taken out of it.
			if f.Role == "layer" {
				cache.KeepLayer(kept, f.Digest)
			} else {
				kept.Blob(f.Digest)
			}
			kept.Blob(f.Actual) // bytes that are not their digest are evidence too
		case inspect.Exhibit:
			kept.Blob(f.Digest)
		case inspect.Layer:
			cache.KeepLayer(kept, f.Digest)
			cache.KeepTar(kept, f.DiffID)
		case inspect.ImageHead:
			cache.KeepImage(kept, f.Key())
		case inspect.Diff:
			if f.KnownGood != nil {
				cache.KeepImage(kept, f.KnownGood.Key())
			}
		case inspect.Trust:
			kept.Blob(f.Digest)
		case inspect.Signature:
			for _, raw := range f.Raw {
				kept.Blob(raw.Digest)
			}
		case inspect.Provenance:
			for _, raw := range f.Raw {
				kept.Blob(raw.Digest)
			}
		case inspect.Alert:
			kept.Blob(f.Raw)
		}
	})
}

// maxKeptCases bounds the cases that are listed; the others are counted.
const maxKeptCases = 20

// printPruned prints what was freed, and with what stays the command that would free it.
func printPruned(std streams, p registry.Pruned, why []string) error {
	fmt.Fprintf(std.out, "%d bytes freed, %d files\n", p.Freed, p.Files)
	if len(why) == 0 {
		return nil
	}
	fmt.Fprintf(std.out, "%d bytes stay, %d files: %s may need what no registry has any more\n", p.Left,
		p.Stay, text.Count(len(why), "case"))
	for n, line := range why {
		if n == maxKeptCases {
			fmt.Fprintf(std.out, "  and %d more\n", len(why)-n)
			break
		}
		fmt.Fprintf(std.out, "  %s\n", line)
	}
	fmt.Fprintln(std.out, "backtrail open CASE --export PATH exports one; then it needs nothing here")
	return nil
}
