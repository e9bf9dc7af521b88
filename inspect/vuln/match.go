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
	"github.com/backtrail/backtrail/inspect/text"
)

// matchers are those of the grype command with its defaults, none of which needs a network.
// The strategies for missing epochs are those of the command too: another one would find other versions affected.
func matchers() []match.Matcher {
	return matcher.NewDefaultMatchers(matcher.Config{
		Stock: stock.MatcherConfig{UseCPEs: true},
		Dpkg:  dpkg.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyZero},
		Rpm:   rpm.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyAuto},
	})
}

// failures are the packages that could not be compared.
// A package that could not be compared is not one without vulnerabilities: the check ends as blocked for it.
type failures struct {
	count int
	texts []string // of the first ones
}

// add counts a package, and names the first ones with the first line of the error: matchers that panic have a trace.
func (f *failures) add(p inspect.Package, err error) {
	f.count++
	if len(f.texts) < maxErrors {
		line, _, _ := strings.Cut(err.Error(), "\n")
		f.texts = append(f.texts, fmt.Sprintf("%s %s: %s", p.Name, p.Version, line))
	}
}

// err words the failures; nil without.
func (f *failures) err() error {
	if f.count == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be compared: %s", text.CountOf(f.count, "package", "packages"),
		strings.Join(f.texts, "; "))
}

// compared is what a comparison found.
type compared struct {
	rows        []inspect.Vuln
	packages    int
	notCompared int
	failed      error // some packages could not be compared
}

// compare runs grype's matchers over packages. The rows have neither a level nor statements of OpenVEX.
// The error is that of ctx, or of the database as a whole.
func (db *database) compare(ctx context.Context, list []inspect.Package) (compared, error) {
	packages, left := distinct(list)
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
func (db *database) match(ctx context.Context, packages []inspect.Package) (match.Matches, *failures, error) {
	failed, ignored := &failures{}, newIgnored()
	var all []match.Match
	for _, p := range packages {
		if err := ctx.Err(); err != nil {
			return match.Matches{}, failed, err
		}
		one, err := db.memo.Get(ctx, key(p), func(context.Context) (matched, error) { return db.matchOne(p), nil })
		if err != nil {
			return match.Matches{}, failed, err
		}
		for _, err := range one.errs {
			failed.add(p, err)
		}
		all = append(all, one.matches...)
		ignored.add(one.filters)
	}
	kept, _ := match.ApplyIgnoreFilters(all, ignored)
	return match.NewMatches(kept...), failed, nil
}

// matched is what the matchers return for one package. Images share most of their packages, so that an audit of
// thousands of images asks the database about each package once.
type matched struct {
	matches []match.Match
	filters []match.IgnoreFilter
	errs    []error
}

// size estimates the memory of the matches of a package, in bytes.
func (m matched) size() int64 { return int64(512 + 4096*len(m.matches) + 256*len(m.filters)) }

// matchOne asks the matchers of one package. A matcher that panics on a strange version is one error of many, and the
// others still answer.
func (db *database) matchOne(p inspect.Package) (out matched) {
	var forGrype pkg.Package
	if err := engine.Protect(func() error {
		forGrype = converted(p)
		return nil
	}); err != nil {
		out.errs = append(out.errs, err)
		return out
	}
	use, known := db.matchers[forGrype.Type]
	if !known {
		use = db.others
	}
	for _, m := range use {
		var found []match.Match
		if err := engine.Protect(func() error {
			matches, filters, err := m.Match(db.provider, forGrype)
			found = matches
			out.filters = append(out.filters, filters...)
			return err
		}); err != nil {
			out.errs = append(out.errs, err)
		}
		kept, _ := match.ApplyExplicitIgnoreRules(nil, match.NewMatches(found...))
		out.matches = append(out.matches, kept.Sorted()...)
	}
	return out
}

// index gives the matchers of each type of packages, and those of all other types.
// The stock matcher takes any type by its CPE or name, and would find a package of a distribution a second time.
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
//
// The result is sorted and does not depend on the order of the matches.
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
