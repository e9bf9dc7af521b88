package main

import (
	"context"
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/registry"
)

// pruneCache removes what is old, but for what cases need that are not exported: the registry may not have it any more.
func pruneCache(ctx context.Context, std streams, s *registry.Store, days int) error {
	_, saved, err := savedCases(ctx)
	if err != nil {
		return err
	}
	var kept registry.Kept
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
	return sayPruned(std, pruned, why)
}

// needs says why what a case names must stay; "" for a case that was exported as it is.
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
func keepCase(ctx context.Context, cache *layer.Cache, kept *registry.Kept, c ledger.Saved) {
	_ = c.Replay()(ctx, func(e inspect.Event) {
		switch f := e.Fact.(type) {
		case inspect.Blob:
			if f.Role == "layer" {
				cache.KeepLayer(kept, f.Digest)
			} else {
				kept.Blob(f.Digest)
			}
			kept.Blob(f.Actual)
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

// maxKeptCases bounds the cases that are named; how many there are is said.
const maxKeptCases = 20

func sayPruned(std streams, p registry.Pruned, why []string) error {
	fmt.Fprintf(std.out, "%d bytes freed, %d files\n", p.Freed, p.Files)
	if len(why) == 0 {
		return nil
	}
	fmt.Fprintf(std.out, "%d bytes stay, %d files: %d cases may need what no registry has any more\n", p.Left,
		p.Stay, len(why))
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
