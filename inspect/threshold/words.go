package threshold

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// RuleWords is what a rule is about, on one line: vulnerability: critical, with a fix; due in 14 days after first seen.
func RuleWords(r inspect.ThresholdRule) string {
	var parts []string
	what := "finding"
	if r.Finding != nil {
		parts = findingWords(*r.Finding)
	}
	if r.Vulnerability != nil {
		what, parts = "vulnerability", vulnWords(*r.Vulnerability)
	}
	// an empty rule fits every row of its kind
	if len(parts) == 0 {
		parts = []string{"any"}
	}
	words := what + ": " + strings.Join(parts, ", ")
	if r.Level == inspect.LevelWarn {
		from := "it was first seen"
		if r.From == inspect.FromPublished {
			from = "its publication"
		}
		words += fmt.Sprintf("; due %s after %s, then it blocks", text.Count(r.Days, "day"), from)
	}
	return words
}

func vulnWords(v inspect.ThresholdVuln) []string {
	var parts []string
	if len(v.Severity) > 0 {
		parts = append(parts, "severity "+either(v.Severity))
	}
	parts = append(parts, whether(v.Fixed, "with a fix", "without a fix")...)
	parts = append(parts, whether(v.KEV, "known to be exploited", "not known to be exploited")...)
	if v.EPSS > 0 {
		parts = append(parts, fmt.Sprintf("EPSS at least %g", v.EPSS))
	}
	parts = append(parts, whether(v.New, "new", "not new")...)
	if len(v.Types) > 0 {
		parts = append(parts, "packages of type "+either(v.Types))
	}
	if len(v.Packages) > 0 {
		parts = append(parts, "packages "+either(v.Packages))
	}
	return parts
}

func findingWords(f inspect.ThresholdFinding) []string {
	var parts []string
	if len(f.Severity) > 0 {
		parts = append(parts, "severity "+either(f.Severity))
	}
	if len(f.Status) > 0 {
		parts = append(parts, "status "+either(f.Status))
	}
	if len(f.Checks) > 0 {
		parts = append(parts, "of check "+either(f.Checks))
	}
	if len(f.Codes) > 0 {
		parts = append(parts, "code "+either(f.Codes))
	}
	return parts
}

func whether(is *bool, yes, no string) []string {
	switch {
	case is == nil:
		return nil
	case *is:
		return []string{yes}
	}
	return []string{no}
}

// either words a list: critical or high.
func either[T ~string](list []T) string {
	texts := make([]string, len(list))
	for n, s := range list {
		texts[n] = string(s)
	}
	return strings.Join(texts, " or ")
}

// WaiverWords is a waiver on one line, with whether it has ended at a time.
func WaiverWords(w inspect.Waiver, at inspect.Time) string {
	text := w.ID
	if w.Package != "" {
		text += " of package " + w.Package
	}
	if w.Image != "" {
		text += " in " + w.Image
	}
	state := "until "
	if !at.Before(w.Until.Time) {
		state = "no effect: ended on "
	}
	return fmt.Sprintf("%s: %s%s, %s: %s", text, state, lastDay(w), w.Owner, w.Reason)
}

// lastDay is the last day on which a waiver counts.
func lastDay(w inspect.Waiver) string { return w.Until.Add(-time.Second).UTC().Format(time.DateOnly) }
