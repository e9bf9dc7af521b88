package advisory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
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

type osvAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Ranges   []osvRange `json:"ranges"`
	Versions []string   `json:"versions"`
}

type osvRange struct {
	Type   string     `json:"type"` // SEMVER, ECOSYSTEM, GIT
	Events []osvEvent `json:"events"`
}

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
	if !isMalicious(r.ID) || unsafeField(r.ID) {
		return nil, "", nil
	}
	for _, a := range r.Affected {
		ecosystem, _, _ := strings.Cut(a.Package.Ecosystem, ":")
		kind, known := ecosystems[ecosystem]
		name := a.Package.Name
		if kind == "maven" {
			name = strings.ReplaceAll(name, ":", "/")
		}
		if name = canonicalName(kind, name); !known || name == "" || unsafeField(name) {
			continue
		}
		lines = append(lines, strings.Join([]string{
			kind + "/" + name, r.ID, dateField(r.Published), dateField(r.Withdrawn), a.constraints(),
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
// package with neither ranges nor versions, since such a record means the package itself.
func (a osvAffected) constraints() string {
	var all []string
	for _, r := range a.Ranges {
		if r.Type == "GIT" {
			continue
		}
		spans := r.spans()
		if slices.Contains(spans, "") {
			return "*"
		}
		all = append(all, spans...)
	}
	for _, v := range a.Versions {
		if len(all) >= maxConstraints {
			break
		}
		if !unsafeField(v) && !strings.Contains(v, ",") {
			all = append(all, "="+v)
		}
	}
	if len(all) == 0 {
		return "*"
	}
	return strings.Join(all, ",")
}

// spans writes the events of a range, which are in order, as pairs of bounds. The empty span has no bounds.
func (r osvRange) spans() []string {
	var spans []string
	open, low := false, ""
	end := func(bound string) {
		if open {
			spans, open = append(spans, strings.TrimSpace(low+bound)), false
		}
	}
	for _, e := range r.Events[:min(len(r.Events), maxConstraints)] {
		switch {
		case unsafeField(e.Introduced) || unsafeField(e.Fixed) || unsafeField(e.LastAffected) ||
			strings.Contains(e.Introduced+e.Fixed+e.LastAffected, ","):
		case e.Introduced != "":
			end("")
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
	return spans
}
