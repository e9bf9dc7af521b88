package advisory

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect/sbom"
)

// maxOSVRecord bounds one OSV record, in bytes.
const maxOSVRecord = 4 << 20

// osvRecord is the part of an OSV record (ossf.github.io/osv-schema) that is kept.
type osvRecord struct {
	ID        string        `json:"id"`
	Published string        `json:"published"`
	Modified  string        `json:"modified"`
	Withdrawn string        `json:"withdrawn"`
	Affected  []osvAffected `json:"affected"`
}

// osvAffected is one package of a record (OSV schema, "affected").
type osvAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Ranges   []osvRange `json:"ranges"`
	Versions []string   `json:"versions"`
}

// osvRange is a range of versions (OSV schema, "affected[].ranges").
type osvRange struct {
	Type   string     `json:"type"` // SEMVER, ECOSYSTEM, GIT
	Events []osvEvent `json:"events"`
}

// osvEvent is the beginning or end of a range.
type osvEvent struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
}

// ecosystems are the purl types of OSV's ecosystems, whose names may have a suffix after a colon.
var ecosystems = map[string]string{
	"npm": "npm", "PyPI": "pypi", "RubyGems": "gem", "Go": "golang", "crates.io": "cargo", "NuGet": "nuget",
	"Packagist": "composer", "Maven": "maven",
}

// Ecosystems lists the ecosystems, in OSV's words, that have malicious-package records.
func Ecosystems() []string {
	return []string{"Go", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "crates.io", "npm"}
}

// isMalicious reports whether an ID or a file name is that of a malicious-package record.
func isMalicious(id string) bool { return strings.HasPrefix(id, "MAL-") }

// reduce makes the lines of an OSV record: one for each package that it affects. One that is no malicious-package
// record, and a package of an ecosystem that is not known, has none. modified is the record's date.
func reduce(data []byte) (lines []string, modified string, err error) {
	if len(data) > maxOSVRecord {
		return nil, "", fmt.Errorf("reading an OSV record: larger than %d bytes", maxOSVRecord)
	}
	var r osvRecord
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, "", fmt.Errorf("reading an OSV record: %w", err)
	}
	// The ID prefix MAL- is that of the ossf/malicious-packages repository; records of vulnerabilities have others, and
	// are not for this check.
	if !isMalicious(r.ID) || unsafeField(r.ID) {
		return nil, "", nil
	}
	for _, a := range r.Affected {
		ecosystem, _, _ := strings.Cut(a.Package.Ecosystem, ":")
		kind, known := ecosystems[ecosystem]
		name := a.Package.Name
		// OSV writes group:artifact, a package URL group/artifact
		if kind == "maven" {
			name = strings.ReplaceAll(name, ":", "/")
		}
		if name = canonicalName(kind, name); !known || name == "" || unsafeField(name) {
			continue
		}
		affected, err := a.constraints(kind)
		if err != nil {
			return nil, "", fmt.Errorf("reading the OSV record %s: %w", r.ID, err)
		}
		lines = append(lines, strings.Join([]string{
			kind + "/" + name, r.ID, dateField(r.Published), dateField(r.Withdrawn), affected,
		}, "\t"))
	}
	return lines, dateField(r.Modified), nil
}

// unsafeField reports that a text would break the line that it stands in, or its order.
func unsafeField(s string) bool {
	return len(s) > 512 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// dateField is the date of a time stamp, "-" without one.
func dateField(stamp string) string {
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

// constraints writes what is affected. A range without an upper bound that begins at 0 is every version; so is a
// package with neither ranges nor versions, since such a record means the package itself. What cannot be written makes
// the record unreadable: without a bound it would be of other versions.
func (a osvAffected) constraints(kind string) (string, error) {
	var all []string
	for _, r := range a.Ranges {
		// commits of a repository are no versions of what is installed
		if r.Type == "GIT" {
			continue
		}
		spans, err := r.spans(kind)
		if err != nil {
			return "", err
		}
		if slices.Contains(spans, "") {
			return "*", nil
		}
		all = append(all, spans...)
	}
	if len(all)+len(a.Versions) > maxConstraints {
		return "", fmt.Errorf("more than %d versions", maxConstraints)
	}
	for _, v := range a.Versions {
		if v == "" || unsafeVersion(v) {
			return "", fmt.Errorf("%q is no version", v)
		}
		all = append(all, "="+v)
	}
	switch {
	case len(all) > 0:
		return strings.Join(all, ","), nil
	case len(a.Ranges) > 0:
		return "", errors.New("its ranges name no version")
	}
	return "*", nil
}

// unsafeVersion reports that a version would break the constraints that it stands in.
func unsafeVersion(v string) bool { return unsafeField(v) || strings.Contains(v, ",") }

// version is the version of an event; empty for a limit, which is none.
func (e osvEvent) version() string { return cmp.Or(e.Introduced, e.Fixed, e.LastAffected) }

// rank orders events of one version: what was fixed in it may be introduced in it again, and a version that is the
// first and the last one affected is affected.
func (e osvEvent) rank() int {
	switch {
	case e.Introduced != "":
		return 1
	case e.Fixed != "":
		return 0
	}
	return 2
}

// byVersion orders events by their versions, which a record need not do (OSV schema, "Evaluation": they are sorted
// before they are walked). The version 0 is below all others; what cannot be ordered stays where it is.
func byVersion(kind string) func(a, b osvEvent) int {
	return func(a, b osvEvent) int {
		switch {
		case a.version() == b.version():
			return cmp.Compare(a.rank(), b.rank())
		case a.Introduced == "0":
			return -1
		case b.Introduced == "0":
			return 1
		}
		order, ok := sbom.CompareVersions(orderOf(kind), a.version(), b.version())
		if !ok {
			return 0
		}
		return order
	}
}

// spans writes the events of a range as pairs of bounds. The empty span has no bounds.
func (r osvRange) spans(kind string) ([]string, error) {
	if len(r.Events) > maxConstraints {
		return nil, fmt.Errorf("more than %d events", maxConstraints)
	}
	var spans []string
	open, low := false, ""
	end := func(bound string) {
		if open {
			spans, open = append(spans, strings.TrimSpace(low+bound)), false
		}
	}
	events := slices.Clone(r.Events)
	slices.SortStableFunc(events, byVersion(kind))
	for _, e := range events {
		switch {
		case unsafeVersion(e.version()):
			return nil, fmt.Errorf("%q is no version", e.version())
		case e.Introduced != "" && open: // affected already, until the next end
		case e.Introduced != "":
			open, low = true, ""
			if e.Introduced != "0" {
				low = ">=" + e.Introduced + " "
			}
		case e.Fixed != "":
			end("<" + e.Fixed)
		case e.LastAffected != "":
			end("<=" + e.LastAffected)
		}
	}
	end("")
	return spans, nil
}
