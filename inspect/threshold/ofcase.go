package threshold

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Of gives the thresholds of a case: those that a person named, else the default. named reports which.
func Of(c *inspect.Case) (t inspect.Thresholds, named bool) {
	if c.Thresholds != nil {
		return *c.Thresholds, true
	}
	return Default(), false
}

// Finding decides about a finding of a case.
func Finding(c *inspect.Case, f inspect.Finding) Decision {
	t, _ := Of(c)
	// the time of the case, not of the reader: a bundle that is opened next year comes to the same levels
	on := On{At: c.Started}
	container, _, _ := strings.Cut(f.Subject, ":")
	if i, ok := c.Image(container); ok {
		on.Image = i.Reference
	}
	return OfFinding(t, f, on)
}

// Counts are numbers of rows by level.
type Counts struct {
	Block int `json:"block"`
	Warn  int `json:"warn"`
	Log   int `json:"log"`
}

// Add counts a row.
func (c *Counts) Add(l inspect.Level) {
	switch l {
	case inspect.LevelBlock:
		c.Block++
	case inspect.LevelWarn:
		c.Warn++
	default:
		c.Log++
	}
}

// Count counts the vulnerabilities of an image by the levels that they have.
func Count(rows []inspect.Vuln) Counts {
	var c Counts
	for _, v := range rows {
		c.Add(v.Threshold)
	}
	return c
}

// AboutVulnerabilities reports whether a rule that blocks or warns is about vulnerabilities.
// Without such a rule a missing vulnerability database leaves no case open.
func AboutVulnerabilities(t inspect.Thresholds) bool {
	for _, r := range t.Rules {
		if r.Vulnerability != nil && r.Level != inspect.LevelLog {
			return true
		}
	}
	return false
}
