package lock

import (
	"context"
	"fmt"
	"path"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/registry"
)

// Files is the check that compares lock files with what is installed. It waits for others beside that of the layers:
// those that list the packages and find the image to compare with. It emits a row for each difference and a finding for
// each that is at least medium. A lock that cannot be read is a row of its own and no error of the check. A lock is a
// file of the image like any other: an attacker who changes a package can change the lock with it. That is why the lock
// is compared with what an earlier image has, too.
func Files(client *registry.Client, cache *layer.Cache, others ...string) engine.Check {
	needs := append([]string{inspect.CheckLayers}, others...)
	return engine.Check{Name: inspect.CheckLockFiles, Needs: needs, Run: func(ctx context.Context, on engine.On,
		emit func(inspect.Event),
	) error {
		image := on.Image()
		merged, err := cache.Tree(ctx, image.Layers)
		if err != nil {
			return fmt.Errorf("merging the layers: %w", err)
		}
		files, rows, err := find(ctx, merged)
		if err != nil {
			return err
		}
		if len(files)+len(rows) == 0 {
			return engine.Nothing("the image has no lock file")
		}
		before := previous(ctx, client, cache, image.Diff)
		rows = append(rows, compareAll(newTree(ctx, merged, image.Packages), files, before)...)
		for _, r := range rows {
			emit(inspect.Event{Fact: r})
		}
		for _, f := range findings(image.Container, rows) {
			emit(inspect.Event{Fact: f})
		}
		return ctx.Err()
	}}
}

// previous reads the lock files of the image that is compared with. Where it cannot be read, nothing is compared:
// other checks report why.
func previous(ctx context.Context, client *registry.Client, cache *layer.Cache,
	d *inspect.Diff,
) map[string]map[string][]entry {
	if d == nil || d.KnownGood == nil {
		return nil
	}
	other, err := cache.ReadKnownGood(ctx, client, *d.KnownGood, nil)
	if err != nil || layer.Unread(other.Layers) != "" {
		return nil
	}
	tree, err := cache.Tree(ctx, other.Layers)
	if err != nil {
		return nil
	}
	files, _, err := find(ctx, tree)
	if err != nil {
		return nil
	}
	before := map[string]map[string][]entry{}
	for _, f := range files {
		before[f.path] = (&comparison{file: f}).locked()
	}
	return before
}

// compareAll compares each lock. The hidden lock of npm is a witness for the others of its folder, and is compared
// itself only where there is none beside it. before holds the locked packages of the other image by lock and name; nil
// where there is none. A further row counts what is past the bound of one lock. Rows come in the order of the files, so
// that two runs give the same.
func compareAll(t *tree, files []file, before map[string]map[string][]entry) []inspect.LockRow {
	hidden, seen := map[string]map[string]entry{}, map[string]bool{}
	for _, f := range files {
		dir := path.Dir(f.path)
		if path.Base(f.path) != hiddenName {
			seen[dir+" "+f.eco] = true
			continue
		}
		places := map[string]entry{}
		for _, e := range f.entries {
			places[e.place] = e
		}
		hidden[path.Dir(dir)] = places
	}
	var rows []inspect.LockRow
	for _, f := range files {
		root := path.Dir(f.path)
		if path.Base(f.path) == hiddenName {
			if root = path.Dir(root); seen[root+" "+f.eco] {
				continue
			}
		}
		c := &comparison{tree: t, file: f, hidden: hidden[root]}
		c.run()
		c.foreign(before[f.path])
		c.rewritten(before[f.path])
		rows = append(rows, c.rows...)
		if c.missed > 0 {
			rows = append(rows, inspect.LockRow{
				File: f.path, Type: f.kind, Change: inspect.LockUnreadable, Path: f.path, Layer: f.layer,
				Detail: fmt.Sprintf("%d more differences are left out, after the first %d", c.missed, maxRows),
				Status: inspect.RowUnknown, Severity: inspect.Info,
			})
		}
	}
	return rows
}
