package vuln

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/vulnerability"

	"github.com/backtrail/backtrail/inspect"
)

// row converts a match of grype.
// Threshold, level and statements are added by the caller.
func (db *database) row(m match.Match) inspect.Vuln {
	v := m.Vulnerability
	r := inspect.Vuln{
		ID: v.ID, Severity: inspect.Unrated, Package: m.Package.Name, Version: m.Package.Version,
		Type: string(m.Package.Type), FixState: v.Fix.State.String(), Data: db.data, Published: db.publication(v),
	}
	if r.FixState == "" {
		r.FixState = vulnerability.FixStateUnknown.String()
	}
	if v.Fix.State == vulnerability.FixStateFixed {
		versions := slices.Clone(v.Fix.Versions)
		slices.Sort(versions)
		r.Fixed = strings.Join(slices.Compact(versions), ", ")
	}
	if meta := v.Metadata; meta != nil {
		r.Severity, r.KEV = severityOf(meta.Severity), len(meta.KnownExploited) > 0
		for _, e := range meta.EPSS {
			r.EPSS = max(r.EPSS, e.EPSS)
		}
	}
	r.Record = recordOf(m)
	return r
}

// severityOf is a severity of grype. Negligible is its lowest: of no consequence in practice.
func severityOf(text string) inspect.Severity {
	switch s := inspect.Severity(strings.ToLower(text)); s {
	case inspect.Critical, inspect.High, inspect.Medium, inspect.Low:
		return s
	case "negligible":
		return inspect.Info
	default:
		return inspect.Unrated
	}
}

// publication is the date of the record, else the one that NVD gives its CVE: records of distributions often have none.
func (db *database) publication(v vulnerability.Vulnerability) inspect.Time {
	if h, ok := v.Internal.(*v6.VulnerabilityHandle); ok && h != nil && h.PublishedDate != nil {
		return inspect.At(*h.PublishedDate)
	}
	ids := []string{v.ID}
	for _, r := range v.RelatedVulnerabilities {
		ids = append(ids, r.ID)
	}
	for _, id := range ids {
		if strings.HasPrefix(id, "CVE-") {
			if t := db.publishedBy(id); !t.IsZero() {
				return t
			}
		}
	}
	return inspect.Time{}
}

// record is what of the database matched.
type record struct {
	ID         string        `json:"id"`
	Namespace  string        `json:"namespace"`
	Package    string        `json:"package"` // as the database names it
	Constraint string        `json:"constraint"`
	Fix        []string      `json:"fix,omitempty"`
	FixState   string        `json:"fixState,omitempty"`
	Severity   string        `json:"severity,omitempty"`
	Source     string        `json:"source,omitempty"` // address
	Aliases    []string      `json:"aliases,omitempty"`
	Advisories []string      `json:"advisories,omitempty"`
	KEV        []kevRecord   `json:"kev,omitempty"`
	EPSS       []epssRecord  `json:"epss,omitempty"`
	Matched    []matchRecord `json:"matched"`
}

// kevRecord is an entry of CISA's catalog of known exploited vulnerabilities.
type kevRecord struct {
	CVE   string `json:"cve"`
	Added string `json:"added,omitempty"`
	Due   string `json:"due,omitempty"`
}

// epssRecord is a score of FIRST's Exploit Prediction Scoring System, a probability from 0 to 1.
type epssRecord struct {
	CVE        string  `json:"cve"`
	EPSS       float64 `json:"epss"`
	Percentile float64 `json:"percentile"`
	Date       string  `json:"date,omitempty"`
}

// matchRecord is how grype came to a match.
type matchRecord struct {
	Matcher string `json:"matcher"`
	Kind    string `json:"kind"` // exact-direct-match, exact-indirect-match, cpe-match
}

// recordOf gives what of the database matched, as JSON. It is empty where that is too long.
// It goes into a bundle, so that a reader sees by which range a row matched without having the database.
func recordOf(m match.Match) string {
	v := m.Vulnerability
	r := record{
		ID: v.ID, Namespace: v.Namespace, Package: v.PackageName, Fix: v.Fix.Versions,
		FixState: v.Fix.State.String(),
	}
	if v.Constraint != nil {
		r.Constraint = v.Constraint.String()
	}
	for _, a := range v.RelatedVulnerabilities {
		r.Aliases = append(r.Aliases, a.ID)
	}
	for _, a := range v.Advisories {
		r.Advisories = append(r.Advisories, strings.TrimSpace(a.ID+" "+a.Link))
	}
	if meta := v.Metadata; meta != nil {
		r.Severity, r.Source = meta.Severity, meta.DataSource
		for _, k := range meta.KnownExploited {
			r.KEV = append(r.KEV, kevRecord{k.CVE, day(k.DateAdded), day(k.DueDate)})
		}
		for _, e := range meta.EPSS {
			r.EPSS = append(r.EPSS, epssRecord{e.CVE, e.EPSS, e.Percentile, day(&e.Date)})
		}
	}
	for _, d := range m.Details {
		r.Matched = append(r.Matched, matchRecord{string(d.Matcher), string(d.Type)})
	}
	b, err := json.Marshal(r)
	if err != nil || len(b) > maxRecord {
		return ""
	}
	return string(b)
}

// day is a date without its time; empty where there is none.
// The zone is UTC, as in all of a record.
func day(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
