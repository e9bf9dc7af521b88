package sbom

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Attached is the check that counts the packages of the SBOMs that came with an image, and says who signed them.
func Attached(client *registry.Client) inspect.Check {
	return inspect.Check{Name: CheckAttached, Needs: []string{"signatures"}, Run: func(context.Context, inspect.On, func(inspect.Event)) error {
		return inspect.Unchecked("not yet there")
	}}
}
