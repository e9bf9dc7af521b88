package threshold

import (
	"fmt"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// Explanation is the content of thresholds, and what they make of a case.
type Explanation struct {
	Source  string            `json:"source"`
	Digest  string            `json:"digest"`
	Rules   []RuleExplanation `json:"rules"`
	Waivers []string          `json:"waivers"`
	Rows    []RowExplanation  `json:"rows"` // of the case
	ofCase  bool
}

// RuleExplanation is a rule in words.
type RuleExplanation struct {
	Level inspect.Level `json:"level"`
	Name  string        `json:"name"`
	Words string        `json:"words"`
}

// RowExplanation is the level of a vulnerability or finding, and why.
type RowExplanation struct {
	Level     inspect.Level `json:"level"`
	Container string        `json:"container"`
	What      string        `json:"what"`
	ID        string        `json:"id"` // that a waiver names
	Why       string        `json:"why"`
	Due       inspect.Time  `json:"due"`
}

// Explain explains thresholds at a time, and with a case the level of each of its vulnerabilities and findings under
// them, whatever thresholds it was made with. c may be nil.
func Explain(t inspect.Thresholds, c *inspect.Case, at inspect.Time) Explanation {
	x := Explanation{Source: t.Source, Digest: t.Digest, ofCase: c != nil}
	for _, r := range t.Rules {
		x.Rules = append(x.Rules, RuleExplanation{r.Level, r.Name, RuleWords(r)})
	}
	for _, w := range t.Waivers {
		x.Waivers = append(x.Waivers, WaiverWords(w, at))
	}
	if c == nil {
		return x
	}
	for _, f := range c.Findings {
		// subjects are "container" or "container:/path"
		container, _, _ := strings.Cut(f.Subject, ":")
		image, _ := c.Image(container)
		d := OfFinding(t, f, On{Image: image.Reference, At: at})
		x.Rows = append(x.Rows, RowExplanation{d.Level, container, f.Title, f.Code, d.Rule, d.Due})
	}
	for _, i := range c.Images {
		for _, v := range i.Vulns {
			d := OfVulnerability(t, v, On{Image: i.Reference, At: at})
			x.Rows = append(x.Rows, RowExplanation{d.Level, i.Container, fmt.Sprintf("%s in %s %s", v.ID, v.Package,
				v.Version), v.ID, d.Rule, d.Due})
		}
	}
	return x
}

// Text is the explanation for a terminal.
func (x Explanation) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "thresholds: %s\n", text.Clean(x.Source))
	// levels in their order, and a rule or row within each in the order of the file
	for _, level := range []inspect.Level{inspect.LevelBlock, inspect.LevelWarn, inspect.LevelLog} {
		fmt.Fprintf(&b, "\n%s\n", level)
		for _, r := range x.Rules {
			if r.Level == level {
				fmt.Fprintf(&b, "  %s\n    %s\n", text.Clean(r.Name), text.Clean(r.Words))
			}
		}
	}
	if len(x.Waivers) > 0 {
		b.WriteString("\nwaivers\n")
	}
	for _, w := range x.Waivers {
		fmt.Fprintf(&b, "  %s\n", text.Clean(w))
	}
	if !x.ofCase {
		return b.String()
	}
	b.WriteString("\nthe case\n")
	if len(x.Rows) == 0 {
		b.WriteString("  no findings and no vulnerabilities\n")
	}
	for _, level := range []inspect.Level{inspect.LevelBlock, inspect.LevelWarn, inspect.LevelLog} {
		for _, r := range x.Rows {
			if r.Level == level {
				fmt.Fprintf(&b, "  %-5s  %s: %s (%s)%s\n", level, text.Clean(r.Container), text.Clean(r.What),
					text.Clean(r.Why), due(r.Due))
			}
		}
	}
	return b.String()
}

// due is the date of a remedy for the end of a line; empty where there is none
func due(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", due " + t.Format(time.DateOnly)
}
