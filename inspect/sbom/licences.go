package sbom

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"sync"

	"github.com/anchore/syft/syft"
	"github.com/anchore/syft/syft/cataloging"

	"github.com/backtrail/backtrail/inspect"
)

// licenceScanner carries syft's licence scanner, which syft would otherwise build for each image again. Building it
// takes longer than cataloguing a small image, and it never changes. An error of building it is kept and returned to
// each caller.
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

// withScanner gives a context the scanner of licenses that all runs share.
func withScanner(ctx context.Context) (context.Context, error) {
	scanner, err := licenceScanner()
	if err != nil {
		return nil, fmt.Errorf("preparing syft's licence scanner: %w", err)
	}
	return scanning{ctx, scanner}, nil
}

// licenceName is how the files are named in which syft looks for licences, and dpkg's copyright.
var licenceName = regexp.MustCompile(`^(?i)(?:(?:(?:UN|MIT-)?LICEN[SC]E|COPYING|NOTICE)[^.]*(?:\.(?:txt|md|rst|` +
	`html))?|copyright)$`)

// isLicence reports whether a file holds a licence. Its text says nothing of which packages there are, and of a large
// image it takes long to read: syft is given an empty one.
func isLicence(n *inspect.Node) bool {
	return n.Kind == "" && licenceName.MatchString(path.Base(n.Path))
}
