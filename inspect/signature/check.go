package signature

import (
	"context"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Name is the name of the check.
const Name = "signatures"

// Options of the check.
type Options struct {
	Client *registry.Client
	Store  *registry.Store // where payloads, certificates, bundles and statements are kept
	Trust  *Trust
	Now    func() time.Time // nil: the wall clock
}

// Check looks for the signatures of an image in every store, and verifies each.
func Check(o Options) inspect.Check {
	return inspect.Check{Name: Name, Scope: inspect.PerImage, Run: func(ctx context.Context, on inspect.On, emit func(inspect.Event)) error {
		return inspect.Unchecked("not yet there")
	}}
}
