package files

import (
	"context"
	"errors"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Names of the checks of this package.
const (
	CheckLayers   = "layers"
	CheckBinaries = "binaries"
	CheckDiff     = "diff"
)

// Layers is the check that reads the layers of an image, verifies and indexes them.
func Layers(client *registry.Client, cache *Cache) inspect.Check {
	return inspect.Check{Name: CheckLayers, Run: func(ctx context.Context, on inspect.On, emit func(inspect.Event)) error { return errTODO }}
}

// Binaries is the check that asks whose file each file is, and shows the programs that need a look.
func Binaries(client *registry.Client, cache *Cache) inspect.Check {
	return inspect.Check{Name: CheckBinaries, Needs: []string{CheckLayers}, Run: func(ctx context.Context, on inspect.On, emit func(inspect.Event)) error { return errTODO }}
}

// Diff is the check that compares the files with those of the known-good image.
func Diff(client *registry.Client, cache *Cache) inspect.Check {
	return inspect.Check{Name: CheckDiff, Needs: []string{CheckLayers, CheckBinaries, "known-good"}, Run: func(ctx context.Context, on inspect.On, emit func(inspect.Event)) error { return errTODO }}
}

var errTODO = errors.New("not yet there")
