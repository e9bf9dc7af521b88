package sbom

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Diff is the check that compares the packages with those of the known-good image. It is blocked where the packages of
// the image are not all known: a package that was not found would count as removed. Packages are what their databases
// claim: an attacker who replaces a file leaves the version as it is. That is found by the comparison of files, which
// this check needs.
func Diff(client *registry.Client, c *Cataloguer) engine.Check {
	return engine.Check{
		Name: inspect.CheckPackageDiff, Needs: []string{inspect.CheckPackages, inspect.CheckDiff},
		Run: func(ctx context.Context, on engine.On, emit func(inspect.Event)) error {
			image := on.Image()
			if image.Diff == nil || image.Diff.KnownGood == nil {
				return engine.Nothing("no known-good image to compare with")
			}
			if state := on.Ended(inspect.CheckPackages); state.Status != inspect.CheckDone {
				return engine.Unchecked("the packages of the image are not all known: %s", state.Reason)
			}
			good := *image.Diff.KnownGood
			before, err := c.packagesOf(ctx, client, good)
			if err != nil {
				return fmt.Errorf("cataloguing the %s image: %w", good.Word(), err)
			}
			d := compare(before, image.Packages)
			emit(inspect.Event{Fact: inspect.Diff{Packages: &d}})
			for _, f := range findings(on.Container, image, good, d) {
				emit(inspect.Event{Fact: f})
			}
			return nil
		},
	}
}

// packagesOf catalogues the known-good image. Packages that could not all be found would show as added ones, so that a
// part of them is no ground for a comparison.
func (c *Cataloguer) packagesOf(ctx context.Context, client *registry.Client,
	good inspect.KnownGood,
) ([]inspect.Package, error) {
	read, err := c.cache.ReadKnownGood(ctx, client, good, nil)
	if err != nil {
		return nil, err
	}
	layers, img := read.Layers, read.Image
	if part, bad := img.Problem(); bad {
		return nil, fmt.Errorf("it does not hold: %s", part.Detail)
	}
	if left := missing(layers); left != "" {
		return nil, fmt.Errorf("%s", left)
	}
	key := img.Digest()
	if key == "" {
		key = img.Config.Digest
	}
	found, err := c.load(ctx, key, layers, true)
	if err != nil {
		return nil, err
	}
	if len(found.unread) > 0 {
		return nil, fmt.Errorf("could not read %s", found.unread[0])
	}
	return found.packages, nil
}
