package sbom

import (
	"context"
	"fmt"
	"path"
	"regexp"
	_ "unsafe" // for go:linkname

	"github.com/google/licensecheck"

	"github.com/backtrail/backtrail/inspect"
)

// newLicenceScanner and setLicenceScanner are functions of an internal package of syft. syft.CreateSBOM makes a scanner
// of license texts, unless the context has one, and has no option against it: 1.7 s of a processor and 90 MB in each
// process, many times what cataloguing a small image takes, for something that a case does not contain. The context is
// given a scanner that finds nothing. Were one of the functions gone in a later version, the program would not link;
// TestNoLicenceIsLookedFor fails if they change.
//
//go:linkname newLicenceScanner github.com/anchore/syft/internal/licenses.NewScanner
func newLicenceScanner(*licenceConfig) (licenceScanner, error)

//go:linkname setLicenceScanner github.com/anchore/syft/internal/licenses.SetContextLicenseScanner
func setLicenceScanner(context.Context, licenceScanner) context.Context

// licenceConfig has the fields of ScannerConfig in that package, in their order.
type licenceConfig struct {
	coverage float64 // in percent, from which a text is a license's
	scan     func([]byte) licensecheck.Coverage
}

// licenceScanner stands for an interface of that package. It is passed through only: its method cannot be called here,
// since its result has a type that cannot be named.
type licenceScanner interface{ FindEvidence() }

// withoutLicences gives a context a scanner of licenses that finds none.
func withoutLicences(ctx context.Context) (context.Context, error) {
	none, err := newLicenceScanner(&licenceConfig{
		coverage: 100,
		scan:     func([]byte) licensecheck.Coverage { return licensecheck.Coverage{} },
	})
	if err != nil {
		return nil, fmt.Errorf("preparing syft: %w", err)
	}
	return setLicenceScanner(ctx, none), nil
}

// licenceName is how the files are named in which syft looks for licences, and dpkg's copyright.
var licenceName = regexp.MustCompile(`^(?i)(?:(?:(?:UN|MIT-)?LICEN[SC]E|COPYING|NOTICE)[^.]*(?:\.(?:txt|md|rst|` +
	`html))?|copyright)$`)

// isLicence reports whether a file holds a licence. Its text does not show which packages there are, and of a large
// image it takes long to read: syft is given an empty one.
func isLicence(n *inspect.Node) bool {
	return n.Kind == "" && licenceName.MatchString(path.Base(n.Path))
}
