package main

import (
	"context"
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/files"
	"github.com/backtrail/backtrail/registry"
)

// pruneCache removes what is old, but for what cases need that are not exported: the registry may not have it any more.
func pruneCache(ctx context.Context, std streams, s *registry.Store, days int) error {
	_, saved, err := savedCases(ctx)
	if err != nil {
		return err
	}
	var kept registry.Kept
	cache := files.NewCache(s)
	var why []string
	for _, c := range saved {
		if reason := needs(c); reason != "" {
			why = append(why, inspect.Clean(c.ID)+": "+reason)
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
	return sayPruned(std, pruned, why)
}

// needs says why what a case names must stay; "" for a case that was exported as it is.
func needs(c evidence.Saved) string {
	switch {
	case c.Problem != "":
		return "it cannot be read, so that what it needs is known in part only: " + inspect.Clean(c.Problem)
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
func keepCase(ctx context.Context, cache *files.Cache, kept *registry.Kept, c evidence.Saved) {
	_ = c.Replay()(ctx, func(e inspect.Event) {
		switch {
		case e.Blob != nil && e.Blob.Role == "layer":
			cache.KeepLayer(kept, e.Blob.Digest)
			kept.Blob(e.Blob.Actual)
		case e.Blob != nil:
			kept.Blob(e.Blob.Digest)
			kept.Blob(e.Blob.Actual)
		case e.Exhibit != nil:
			kept.Blob(e.Exhibit.Digest)
		case e.Layer != nil:
			cache.KeepLayer(kept, e.Layer.Digest)
			cache.KeepTar(kept, e.Layer.DiffID)
		case e.Image != nil:
			cache.KeepImage(kept, e.Image.Key())
		case e.Diff != nil && e.Diff.KnownGood != nil:
			cache.KeepImage(kept, e.Diff.KnownGood.Key())
		case e.Trust != nil:
			kept.Blob(e.Trust.Digest)
		case e.Signature != nil:
			for _, raw := range e.Signature.Raw {
				kept.Blob(raw.Digest)
			}
		case e.Provenance != nil:
			for _, raw := range e.Provenance.Raw {
				kept.Blob(raw.Digest)
			}
		case e.Alert != nil:
			kept.Blob(e.Alert.Raw)
		}
	})
}

// maxKeptCases bounds the cases that are named; how many there are is said.
const maxKeptCases = 20

func sayPruned(std streams, p registry.Pruned, why []string) error {
	fmt.Fprintf(std.out, "%d bytes freed, %d files\n", p.Freed, p.Files)
	if len(why) == 0 {
		return nil
	}
	fmt.Fprintf(std.out, "%d bytes stay, %d files: %d cases may need what no registry has any more\n", p.Left, p.Stay, len(why))
	for n, text := range why {
		if n == maxKeptCases {
			fmt.Fprintf(std.out, "  and %d more\n", len(why)-n)
			break
		}
		fmt.Fprintf(std.out, "  %s\n", text)
	}
	fmt.Fprintln(std.out, "backtrail open CASE --export PATH exports one; then it needs nothing here")
	return nil
}
