package threshold

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Summary counts the vulnerabilities of an image by level and names the data, with its age at a time: "12
// vulnerabilities: 1 block, 3 warn, 8 log; data of 2026-03-01 (2 days old)".
func Summary(i inspect.Image, at inspect.Time) string {
	d := i.VulnData
	if d == nil {
		return ""
	}
	n := Count(i.Vulns)
	words := fmt.Sprintf("%d vulnerabilities: %d block, %d warn, %d log", len(i.Vulns), n.Block, n.Warn, n.Log)
	switch len(i.Vulns) {
	case 0:
		words = fmt.Sprintf("no known vulnerabilities in %s", text.Count(d.Compared, "package"))
	case 1:
		words = strings.Replace(words, "vulnerabilities", "vulnerability", 1)
	}
	words += "; data of " + d.Date.Format(time.DateOnly)
	// old data is named as such: what was published since is not in it
	switch days, old := d.Days(at); {
	case old:
		words += fmt.Sprintf(" (old: %d days; backtrail db update fetches newer data)", days)
	case days >= 0:
		words += fmt.Sprintf(" (%s old)", text.Count(days, "day"))
	}
	if d.NotCompared > 0 {
		words += "; " + text.Count(d.NotCompared, "package") + " could not be compared: no version, package URL or CPE"
	}
	return words
}

// FixWords are the versions that do not have the vulnerability, or that there is none.
func FixWords(v inspect.Vuln) string {
	if v.Fixed != "" {
		return v.Fixed
	}
	switch v.FixState {
	case "wont-fix":
		return "will not be fixed"
	case "not-fixed":
		return "no fix yet"
	}
	return "not known"
}

// Notes are what else is known of a vulnerability, the most important first, and why it has its level.
func Notes(v inspect.Vuln) []string {
	var notes []string
	if v.New != nil && *v.New {
		notes = append(notes, "new")
	}
	if v.KEV {
		notes = append(notes, "known to be exploited")
	}
	if v.EPSS > 0 {
		notes = append(notes, fmt.Sprintf("EPSS %.1f %%", 100*v.EPSS))
	}
	if !v.Published.IsZero() {
		notes = append(notes, "published "+v.Published.Format(time.DateOnly))
	}
	if !v.Due.IsZero() {
		notes = append(notes, "due "+v.Due.Format(time.DateOnly))
	}
	if v.VEX != "" {
		notes = append(notes, "OpenVEX: "+v.VEX)
	}
	// a statement of OpenVEX stands in the notes already
	if v.Rule != "" && !strings.HasPrefix(v.Rule, "OpenVEX: ") {
		notes = append(notes, "rule: "+v.Rule)
	}
	return notes
}
