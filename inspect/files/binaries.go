package files

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Binaries is the check that asks whose file each file is, and shows the programs that need a look.
func Binaries(client *registry.Client, cache *Cache) inspect.Check {
	return inspect.Check{Name: CheckBinaries, Needs: []string{CheckLayers}, Run: func(ctx context.Context, on inspect.On, emit func(inspect.Event)) error {
		return inspect.Nothing("not yet there")
	}}
}
