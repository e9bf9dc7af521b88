package advisory

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect/sbom"
)

// maxConstraints bounds the constraints of one record: some list hundreds of versions.
const maxConstraints = 4000

// constraint is a bound of a version.
type constraint struct{ op, version string }

// operators, the longer ones first: one is read at the beginning of a constraint.
var operators = []string{">=", "<=", "=", ">", "<"}

// parseConstraints reads constraints with blanks between them.
func parseConstraints(s string) ([]constraint, error) {
	var all []constraint
	for _, word := range strings.Fields(s) {
		c, ok := parseConstraint(word)
		if !ok || len(all) == maxConstraints {
			return nil, fmt.Errorf("%q is no constraint of a version", word)
		}
		all = append(all, c)
	}
	return all, nil
}

// parseConstraint reads one comparison such as >=1.2; ok is false for anything else.
func parseConstraint(word string) (constraint, bool) {
	for _, op := range operators {
		if version, ok := strings.CutPrefix(word, op); ok && version != "" {
			return constraint{op, version}, true
		}
	}
	return constraint{}, false
}

// holds reports whether a version of a purl type keeps to the constraint. Versions that cannot be ordered keep to none,
// except that equal texts are equal.
func (c constraint) holds(kind, version string) bool {
	// Orders differ by package manager: 1.0~rc1 is before 1.0 for dpkg and no version for npm. One order for all would
	// call fixed versions affected.
	order, ok := sbom.CompareVersions(orderOf(kind), version, c.version)
	if !ok {
		return (c.op == "=" || c.op == ">=" || c.op == "<=") && strings.TrimPrefix(version,
			"v") == strings.TrimPrefix(c.version, "v")
	}
	switch c.op {
	case "=":
		return order == 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0
	default:
		return order <= 0
	}
}

// allHold reports whether a version keeps to all constraints of a list that is not empty.
func allHold(all []constraint, kind, version string) bool {
	for _, c := range all {
		if !c.holds(kind, version) {
			return false
		}
	}
	return len(all) > 0
}

// affects reports whether a version is one of those that a package of a pack names.
func (a Affected) affects(kind, version string) bool {
	// a pack about a whole package, as one that was made to be malicious
	if len(a.Versions) == 0 && a.Range == "" {
		return true
	}
	for _, v := range a.Versions {
		if (constraint{"=", v}).holds(kind, version) {
			return true
		}
	}
	all, err := parseConstraints(a.Range)
	return err == nil && allHold(all, kind, version)
}
