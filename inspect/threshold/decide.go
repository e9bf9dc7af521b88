package threshold

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// On is what a decision depends on beside the row.
type On struct {
	Image string       // reference, which waivers may name
	At    inspect.Time // of the decision: of the case or audit
	// Seen is when the thing was first seen in what runs; zero: at At.
	Seen inspect.Time
}

// Decision is the level of a vulnerability or finding, and why.
// Due and Level go together: past the date a warning is a block, with the date kept.
type Decision struct {
	Level  inspect.Level
	Due    inspect.Time    // when the remedy is due, where the level is warn; when it was, where a deadline has passed
	Rule   string          // name of the rule, or what lowered the level
	Waiver *inspect.Waiver // that applies
	Ended  *inspect.Waiver // that would apply, and has ended
}

// OfVulnerability decides about a vulnerability.
func OfVulnerability(t inspect.Thresholds, v inspect.Vuln, on On) Decision {
	d := Decision{Level: inspect.LevelLog, Rule: "no rule"}
	for _, r := range t.Rules {
		if r.Vulnerability != nil && fitsVuln(*r.Vulnerability, v) {
			d = decide(r, v.Published, on)
			break
		}
	}
	// OpenVEX speaks about the vulnerability in this product; a rule speaks about vulnerabilities in general. Who may
	// make such statements was decided when they were read.
	if lowered := vexLowers(v.VEX); lowered != "" {
		d.Level, d.Due, d.Rule = inspect.LevelLog, inspect.Time{}, "OpenVEX: "+lowered
	}
	return waive(t, d, on, func(w inspect.Waiver) bool {
		return w.ID == v.ID && fits(w.Package, v.Package)
	})
}

// OfFinding decides about a finding.
func OfFinding(t inspect.Thresholds, f inspect.Finding, on On) Decision {
	d := Decision{Level: inspect.LevelLog, Rule: "no rule"}
	for _, r := range t.Rules {
		if r.Finding != nil && fitsFinding(*r.Finding, f) {
			d = decide(r, inspect.Time{}, on)
			break
		}
	}
	// a waiver may name a package: then the finding must be caused by it
	cause := inspect.ParseCause(f.CausedBy())
	return waive(t, d, on, func(w inspect.Waiver) bool {
		return (w.ID == f.ID || w.ID == f.Code) && (w.Package == "" || cause.Kind == inspect.CausePackage &&
			(fits(w.Package, cause.Name) || fits(w.Package, cause.Name[strings.LastIndex(cause.Name, " ")+1:])))
	})
}

// decide gives the level of a rule. A deadline that has passed blocks.
// The beginning is the day of publication or of the first sighting, by the rule; where it is not known, the day of the
// decision.
func decide(r inspect.ThresholdRule, published inspect.Time, on On) Decision {
	d := Decision{Level: r.Level, Rule: r.Name}
	if r.Level != inspect.LevelWarn {
		return d
	}
	begin := on.Seen
	if begin.IsZero() {
		begin = on.At
	}
	if r.From == inspect.FromPublished && !published.IsZero() {
		begin = published
	}
	if begin.IsZero() {
		return d
	}
	// days of the calendar in UTC, so that the date is the same for every reader
	d.Due = inspect.At(begin.AddDate(0, 0, r.Days))
	if on.At.After(d.Due.Time) {
		d.Level, d.Rule = inspect.LevelBlock, fmt.Sprintf("%s: its remedy was due on %s", r.Name,
			d.Due.Format(time.DateOnly))
	}
	return d
}

// waive applies the first waiver that fits and has not ended.
func waive(t inspect.Thresholds, d Decision, on On, about func(inspect.Waiver) bool) Decision {
	// The first that holds applies. One that has ended is remembered, so that a report can show why something blocks
	// again.
	for _, w := range t.Waivers {
		switch {
		case !about(w) || w.Image != "" && !fits(w.Image, repository(on.Image)):
		case on.At.IsZero() || !on.At.Before(w.Until.Time):
			d.Ended = &w
		case d.Level != inspect.LevelLog:
			d.Level, d.Due, d.Waiver, d.Ended = inspect.LevelLog, inspect.Time{}, &w, nil
			d.Rule = fmt.Sprintf("waived by %s until %s: %s", w.Owner, lastDay(w), w.Reason)
			return d
		}
	}
	if d.Ended != nil && d.Level != inspect.LevelLog {
		d.Rule += fmt.Sprintf(" (the waiver of %s ended on %s)", d.Ended.Owner, lastDay(*d.Ended))
	}
	return d
}

// vexLowers gives the statement where it lowers the level: the statuses not_affected and fixed of OpenVEX. Affected and
// under_investigation change nothing.
func vexLowers(vex string) string {
	// "not_affected: component_not_present, by vendor": the status comes first (OpenVEX, "Status Labels")
	status, _, _ := strings.Cut(vex, " ")
	if status = strings.TrimSuffix(status, ":"); status == "not_affected" || status == "fixed" {
		return vex
	}
	return ""
}

func fitsVuln(r inspect.ThresholdVuln, v inspect.Vuln) bool {
	// without a known-good image to compare with nothing is called new
	isNew := v.New != nil && *v.New
	return (len(r.Severity) == 0 || slices.Contains(r.Severity, v.Severity)) &&
		(r.Fixed == nil || *r.Fixed == (v.Fixed != "")) && (r.KEV == nil || *r.KEV == v.KEV) &&
		v.EPSS >= r.EPSS && (r.New == nil || *r.New == isNew) &&
		(len(r.Types) == 0 || slices.Contains(r.Types, v.Type)) &&
		(len(r.Packages) == 0 || slices.ContainsFunc(r.Packages, func(p string) bool { return fits(p, v.Package) }))
}

func fitsFinding(r inspect.ThresholdFinding, f inspect.Finding) bool {
	return (len(r.Checks) == 0 || slices.Contains(r.Checks, f.Check)) &&
		(len(r.Codes) == 0 || slices.Contains(r.Codes, f.Code)) &&
		(len(r.Severity) == 0 || slices.Contains(r.Severity, f.Severity)) &&
		(len(r.Status) == 0 || slices.Contains(r.Status, f.Status))
}

// fits reports whether a name fits a pattern, in which * stands for any characters, a slash too. An empty one fits all.
func fits(pattern, name string) bool {
	// path.Match stops a star at a slash; no package and no repository has a bar in its name
	flat := strings.NewReplacer("/", "|")
	ok, err := path.Match(flat.Replace(pattern), flat.Replace(name))
	return pattern == "" || err == nil && ok
}

// repository is a reference without its tag and digest.
func repository(reference string) string {
	reference, _, _ = strings.Cut(reference, "@")
	// a colon before the last slash is that of a port
	if at := strings.LastIndex(reference, ":"); at > strings.LastIndex(reference, "/") {
		return reference[:at]
	}
	return reference
}
