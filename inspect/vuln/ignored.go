package vuln

import (
	"slices"
	"strings"

	"github.com/anchore/grype/grype/match"
	"github.com/anchore/syft/syft/file"
)

// ignored are the filters that matchers return beside their matches: a package of a distribution, say, answers for the
// files that it owns. A distribution has a filter for each fixed vulnerability of each package, so they are found by
// vulnerability.
// The rules follow grype's ApplyIgnoreFilters; the index only avoids comparing each match with each of the hundred
// thousands of filters of a distribution.
type ignored struct {
	byID map[string][]match.IgnoreFilter
	rest []match.IgnoreFilter
}

// newIgnored makes an empty set.
func newIgnored() *ignored { return &ignored{byID: map[string][]match.IgnoreFilter{}} }

// add sorts filters by the vulnerability that they are about; those about any are kept apart.
func (all *ignored) add(filters []match.IgnoreFilter) {
	for _, f := range filters {
		id := ""
		switch rule := f.(type) {
		case match.IgnoreRule:
			id = rule.Vulnerability
		case match.IgnoreRelatedPackage:
			id = rule.VulnerabilityID
		}
		if id == "" {
			all.rest = append(all.rest, f)
			continue
		}
		all.byID[id] = append(all.byID[id], f)
	}
}

// IgnoreMatch gives the rules by which a match is ignored, of the first filter that has any.
// It implements match.IgnoreFilter.
func (all *ignored) IgnoreMatch(m match.Match) []match.IgnoreRule {
	ids := []string{m.Vulnerability.ID}
	for _, r := range m.Vulnerability.RelatedVulnerabilities {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if rules := first(all.byID[id], m); rules != nil {
			return rules
		}
	}
	return first(all.rest, m)
}

// first gives the rules of the first filter by which a match is ignored; nil where there is none.
func first(filters []match.IgnoreFilter, m match.Match) []match.IgnoreRule {
	for _, f := range filters {
		if rule, ok := f.(match.IgnoreRule); ok && !names(rule, m) {
			continue
		}
		if rules := f.IgnoreMatch(m); len(rules) > 0 {
			return rules
		}
	}
	return nil
}

// names reports whether the package of a match has the location or else the name of a rule, letter for letter. To the
// rules that matchers return, grype applies no patterns.
func names(r match.IgnoreRule, m match.Match) bool {
	at := r.Package.Location
	switch {
	case at != "" && !strings.Contains(at, "*"):
		return slices.ContainsFunc(m.Package.Locations.ToSlice(),
			func(l file.Location) bool { return l.RealPath == at })
	case r.Package.Name != "":
		return r.Package.Name == m.Package.Name
	}
	return true
}
