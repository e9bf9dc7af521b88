package provenance

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// DriftName is the name of the check that compares signers and provenance with the known-good's.
const DriftName = "drift"

// Examiner reads and verifies the signatures that are stored with an image, at its location, for its index and its
// manifest digest (either may be empty).
type Examiner func(ctx context.Context, location, index, digest string, expected inspect.Expected) ([]inspect.Signature, error)

// Drift compares who signed the image and how it was made with the known-good image of the case.
func Drift(client *registry.Client, examine Examiner) inspect.Check {
	return inspect.Check{Name: DriftName, Scope: inspect.PerImage, Needs: []string{"known-good", "signatures", Name},
		Run: func(context.Context, inspect.On, func(inspect.Event)) error {
			return inspect.Unchecked("not yet there")
		}}
}
