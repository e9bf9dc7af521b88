package files

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Diff is the check that compares the files with those of the known-good image.
func Diff(client *registry.Client, cache *Cache) inspect.Check {
	return inspect.Check{Name: CheckDiff, Needs: []string{CheckLayers, CheckBinaries, "known-good"}, Run: func(ctx context.Context, on inspect.On, emit func(inspect.Event)) error {
		return inspect.Nothing("not yet there")
	}}
}
