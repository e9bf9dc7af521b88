package sbom

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/files"
	"github.com/backtrail/backtrail/registry"
)

// Diff is the check that compares the packages with those of the known-good image.
func Diff(client *registry.Client, cache *files.Cache) inspect.Check {
	return inspect.Check{Name: CheckDiff, Needs: []string{CheckPackages, files.CheckDiff}, Run: func(context.Context, inspect.On, func(inspect.Event)) error {
		return inspect.Unchecked("not yet there")
	}}
}
