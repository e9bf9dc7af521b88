package journal

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// Depth is how far an image was looked into. A deeper one has all that the others have.
type Depth int

// The depths.
const (
	Identity Depth = iota + 1 // manifest, config, signatures, provenance: no layers
	Packages                  // and what is installed
	Full                      // and the files that can run or start something
)

// FactsVersion is raised when images are read in a new way: facts of an older version count as missing.
// It is not the version of the file's form, see migrations: the form may stay while a database of packages is read in a
// new way.
const FactsVersion = 1

// String is the depth as people name it.
func (d Depth) String() string {
	switch d {
	case Identity:
		return "identity"
	case Packages:
		return "packages"
	case Full:
		return "full"
	}
	return fmt.Sprintf("depth %d", int(d))
}

// ParseDepth reads what String writes.
func ParseDepth(s string) (Depth, error) {
	for d := Identity; d <= Full; d++ {
		if s == d.String() {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q is no depth: identity, packages and full are", s)
}

// DepthOf returns how far a case looked into the image of a container; 0 where it is not known which image it is. A
// check that could not run leaves the depth below it: what was not looked at must not count as absent.
func DepthOf(c *inspect.Case, container string) Depth {
	image, ok := c.Image(container)
	if !ok || !image.Resolved() || image.Key() == "" {
		return 0
	}
	// A check that is still running, was blocked or was skipped has not looked. Only done counts: a wrong Full would
	// answer "not affected" of files that were not read.
	done := func(check string) bool {
		s, ok := c.Check(check, container)
		return ok && !s.Running() && s.Status == inspect.CheckDone
	}
	switch {
	case !done(inspect.CheckLayers) || !done(inspect.CheckPackages):
		return Identity
	case !done(inspect.CheckBinaries):
		return Packages
	default:
		return Full
	}
}
