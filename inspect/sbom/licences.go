package sbom

import (
	"context"
	"fmt"
	"sync"

	"github.com/anchore/syft/syft"
	"github.com/anchore/syft/syft/cataloging"
)

// licenceScanner carries syft's licence scanner, which syft would otherwise build for each image again. Building it
// takes longer than cataloguing a small image, and it never changes.
var licenceScanner = sync.OnceValues(func() (context.Context, error) {
	return syft.SetContextLicenseScanner(context.Background(), cataloging.DefaultLicenseConfig())
})

// scanning is a context that also carries the licence scanner.
type scanning struct {
	context.Context
	scanner context.Context
}

// Value looks in the run's own context first.
func (s scanning) Value(key any) any {
	if v := s.Context.Value(key); v != nil {
		return v
	}
	return s.scanner.Value(key)
}

func withScanner(ctx context.Context) (context.Context, error) {
	scanner, err := licenceScanner()
	if err != nil {
		return nil, fmt.Errorf("preparing syft's licence scanner: %w", err)
	}
	return scanning{ctx, scanner}, nil
}
