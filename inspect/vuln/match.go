package vuln

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/matcher"
	"github.com/anchore/grype/grype/matcher/dpkg"
	"github.com/anchore/grype/grype/matcher/rpm"
	"github.com/anchore/grype/grype/matcher/stock"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/version"
	syft "github.com/anchore/syft/syft/pkg"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
)

// matchers are those of the grype command with its defaults, none of which needs a network.
func matchers() []match.Matcher {
	return matcher.NewDefaultMatchers(matcher.Config{
		Stock: stock.MatcherConfig{UseCPEs: true},
		Dpkg:  dpkg.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyZero},
		Rpm:   rpm.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyAuto},
	})
}

// failures are the packages that could not be compared.
type failures struct {
	count int
	texts []string // of the first ones
}

func (f *failures) add(p pkg.Package, err error) {
	f.count++
	if len(f.texts) < maxErrors {
		text, _, _ := strings.Cut(err.Error(), "\n")
		f.texts = append(f.texts, fmt.Sprintf("%s %s: %s", p.Name, p.Version, text))
	}
}

// err words the failures; nil without.
func (f *failures) err() error {
	if f.count == 0 {
		return nil
	}
	return fmt.Errorf("%d packages could not be compared: %s", f.count, strings.Join(f.texts, "; "))
}

// compared is what a comparison found.
type compared struct {
	rows        []inspect.Vuln
	packages    int
	notCompared int
	failed      error // some packages could not be compared
}

// compare runs grype's matchers over packages. The rows have neither a level nor statements of OpenVEX.
func (db *database) compare(ctx context.Context, list []inspect.Package) (compared, error) {
	packages, left := packagesOf(list)
	out := compared{packages: len(packages), notCompared: left}
	found, failed, err := db.match(ctx, packages)
	if err != nil {
		return out, err
	}
	out.failed = failed.err()
	for m := range found.Enumerate() {
		out.rows = append(out.rows, db.row(m))
	}
	out.rows = merged(out.rows)
	return out, nil
}

// match does what the matching of the grype command does (its VulnerabilityMatcher), and keeps the errors of matchers:
// grype logs them, and what could not be compared would look like something without vulnerabilities. The package of
// that type is not used, since it brings in readers of CSAF that take a tenth of the program's start; a test compares
// the answers of both.
func (db *database) match(ctx context.Context, packages []pkg.Package) (match.Matches, *failures, error) {
	failed, ignored := &failures{}, newIgnored()
	byType, other := index(matchers())
	var all []match.Match
	for _, p := range packages {
		use, known := byType[p.Type]
		if !known {
			use = other
		}
		for _, m := range use {
			if err := ctx.Err(); err != nil {
				return match.Matches{}, failed, err
			}
			var found []match.Match
			err := engine.Protect(func() error {
				matched, filters, err := m.Match(db.provider, p)
				found = matched
				ignored.add(filters)
				return err
			})
			if err != nil {
				failed.add(p, err)
			}
			kept, _ := match.ApplyExplicitIgnoreRules(nil, match.NewMatches(found...))
			all = append(all, kept.Sorted()...)
		}
	}
	kept, _ := match.ApplyIgnoreFilters(all, ignored)
	return match.NewMatches(kept...), failed, nil
}

// index gives the matchers of each type of packages, and those of all other types.
func index(all []match.Matcher) (byType map[syft.Type][]match.Matcher, other []match.Matcher) {
	byType = map[syft.Type][]match.Matcher{}
	for _, m := range all {
		if m.Type() == match.StockMatcher {
			other = append(other, m)
			continue
		}
		for _, t := range m.PackageTypes() {
			byType[t] = append(byType[t], m)
		}
	}
	return byType, other
}

// merged joins the rows of one ID, package and version, which come from several namespaces, into one with the worst of
// each.
func merged(rows []inspect.Vuln) []inspect.Vuln {
	type key struct{ id, name, version string }
	slices.SortFunc(rows, inspect.CompareVulns) // grype gives them in random order
	at := map[key]int{}
	var out []inspect.Vuln
	for _, r := range rows {
		k := key{r.ID, r.Package, r.Version}
		n, known := at[k]
		if !known {
			at[k] = len(out)
			out = append(out, r)
			continue
		}
		o := &out[n]
		o.KEV, o.EPSS = o.KEV || r.KEV, max(o.EPSS, r.EPSS)
		if r.Severity.Rank() < o.Severity.Rank() {
			o.Severity = r.Severity
		}
		if o.Fixed == "" && r.Fixed != "" {
			o.Fixed, o.FixState = r.Fixed, r.FixState
		}
		if o.Published.IsZero() {
			o.Published = r.Published
		}
	}
	return out
}
