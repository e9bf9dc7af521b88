package vuln

import (
	"testing"

	"github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/vulnerability"
	"github.com/anchore/syft/syft/file"
)

func TestIgnored(t *testing.T) {
	m := match.Match{
		Vulnerability: vulnerability.Vulnerability{
			Reference:              vulnerability.Reference{ID: "GHSA-1"},
			RelatedVulnerabilities: []vulnerability.Reference{{ID: "CVE-1"}},
		},
		Package: pkg.Package{
			Name: "requests", Version: "2",
			Locations: file.NewLocationSet(file.NewLocation("/a/METADATA")),
		},
	}
	rule := func(id, name, location string) match.IgnoreRule {
		return match.IgnoreRule{Vulnerability: id, IncludeAliases: true, Package: match.IgnoreRulePackage{
			Name:     name,
			Location: location,
		}}
	}
	for name, tt := range map[string]struct {
		rule match.IgnoreRule
		want bool
	}{
		"by vulnerability":  {rule("GHSA-1", "", ""), true},
		"by alias":          {rule("CVE-1", "", ""), true},
		"another":           {rule("CVE-2", "", ""), false},
		"and by package":    {rule("CVE-1", "requests", ""), true},
		"another package":   {rule("CVE-1", "urllib3", ""), false},
		"by location":       {rule("CVE-1", "", "/a/METADATA"), true},
		"another location":  {rule("CVE-1", "", "/b/METADATA"), false},
		"by package alone":  {rule("", "requests", ""), true},
		"a pattern is none": {rule("", "request.*", ""), false},
	} {
		all := newIgnored()
		all.add([]match.IgnoreFilter{tt.rule})
		if got := len(all.IgnoreMatch(m)) > 0; got != tt.want {
			t.Errorf("%s: ignored %v, want %v", name, got, tt.want)
		}
	}
}
