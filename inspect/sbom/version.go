package sbom

import (
	"strings"

	"github.com/Masterminds/semver/v3"
	pep440 "github.com/aquasecurity/go-pep440-version"
	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	rpm "github.com/knqyf263/go-rpm-version"
)

// What a change of version is.
const (
	upgrade   = "upgrade"
	downgrade = "downgrade"
	changed   = "changed" // the versions cannot be put in order
)

// maxVersion bounds a version that is parsed, in bytes: comparators are not made for hostile ones.
const maxVersion = 256

// direction describes which way a package of a type (in syft's words) went from one version to another, by the order
// that its package manager defines. Equal versions that are written otherwise (1.0 and 1.0.0) are changed and neither
// up nor down.
func direction(kind, from, to string) string {
	order, ok := CompareVersions(kind, from, to)
	switch {
	case !ok || order == 0:
		return changed
	case order < 0:
		return upgrade
	default:
		return downgrade
	}
}

// CompareVersions orders two versions of a package type (in syft's words) by the rules of its package manager. ok is
// false where one of them is no version by these rules, or longer than any is. The rules are those of deb-version(7),
// apk's, rpm's rpmvercmp, PEP 440, and semantic versions for the rest. order is negative where a is older.
func CompareVersions(kind, a, b string) (order int, ok bool) {
	if len(a) > maxVersion || len(b) > maxVersion {
		return 0, false
	}
	switch kind {
	case "deb":
		x, errX := deb.NewVersion(a)
		y, errY := deb.NewVersion(b)
		if errX != nil || errY != nil {
			return 0, false
		}
		return x.Compare(y), true
	case "apk":
		if !apk.Valid(a) || !apk.Valid(b) {
			return 0, false
		}
		return apk.Version(a).Compare(apk.Version(b)), true
	case "rpm", "alpm":
		return rpm.NewVersion(a).Compare(rpm.NewVersion(b)), true
	case "python":
		x, errX := pep440.Parse(a)
		y, errY := pep440.Parse(b)
		if errX != nil || errY != nil {
			return 0, false
		}
		return x.Compare(y), true
	default:
		return compareSemver(a, b)
	}
}

// compareSemver orders what is written as semantic versions, with the prefixes that Go programs and modules have.
func compareSemver(a, b string) (order int, ok bool) {
	x, errX := semver.NewVersion(strings.TrimPrefix(a, "go"))
	y, errY := semver.NewVersion(strings.TrimPrefix(b, "go"))
	if errX != nil || errY != nil {
		return 0, false
	}
	return x.Compare(y), true
}
