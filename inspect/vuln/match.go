package vuln

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/anchore/grype/grype"
	"github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/matcher"
	"github.com/anchore/grype/grype/matcher/dpkg"
	"github.com/anchore/grype/grype/matcher/rpm"
	"github.com/anchore/grype/grype/matcher/stock"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/version"
	"github.com/anchore/grype/grype/vulnerability"

	"github.com/backtrail/backtrail/inspect"
)

// matchers are those of the grype command with its defaults, none of which needs a network.
func matchers() []match.Matcher {
	return matcher.NewDefaultMatchers(matcher.Config{
		Stock: stock.MatcherConfig{UseCPEs: true},
		Dpkg:  dpkg.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyZero},
		Rpm:   rpm.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyAuto},
	})
}

// watched is a matcher whose errors are kept: grype logs them, and what could not be compared would look like something
// without vulnerabilities.
type watched struct {
	match.Matcher
	failed *failures
}

// Match runs the matcher.
func (w watched) Match(from vulnerability.Provider, p pkg.Package) ([]match.Match, []match.IgnoreFilter, error) {
	found, ignored, err := w.Matcher.Match(from, p)
	if err != nil {
		w.failed.add(p, err)
	}
	return found, ignored, err
}

// failures are the packages that could not be compared.
type failures struct {
	mu    sync.Mutex
	count int
	texts []string // of the first ones
}

func (f *failures) add(p pkg.Package, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
	var failed failures
	all := matchers()
	for n := range all {
		all[n] = watched{all[n], &failed}
	}
	m := grype.VulnerabilityMatcher{VulnerabilityProvider: db.provider, Matchers: all}
	found, _, err := m.FindMatchesContext(ctx, packages, pkg.Context{})
	if err != nil {
		return out, fmt.Errorf("matching with grype: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return out, err // grype only logs it
	}
	out.failed = failed.err()
	for m := range found.Enumerate() {
		out.rows = append(out.rows, db.row(m))
	}
	out.rows = merged(out.rows)
	return out, nil
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
