package verdict

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// Fails reports whether a finding fails the case: one that failed, unless a waiver of the thresholds that a person
// named applies, and any that these thresholds block.
func Fails(c *inspect.Case, f inspect.Finding) bool {
	if c.Thresholds == nil {
		return f.Status == inspect.RowFailed
	}
	d := threshold.Finding(c, f)
	return d.Waiver == nil && (f.Status == inspect.RowFailed || d.Level == inspect.LevelBlock)
}

// leveled gives the findings with their levels, where a person named thresholds.
func leveled(c *inspect.Case) []inspect.Finding {
	if c.Thresholds == nil {
		return c.Findings
	}
	list := slices.Clone(c.Findings)
	for n := range list {
		d := threshold.Finding(c, list[n])
		list[n].Threshold, list[n].Due = d.Level, d.Due
	}
	return list
}

// blocked lists the vulnerabilities that the thresholds block, where a person named them.
func blocked(c *inspect.Case) []string {
	if c.Thresholds == nil {
		return nil
	}
	var why []string
	for _, i := range c.Images {
		for _, v := range i.Vulns {
			if v.Threshold == inspect.LevelBlock {
				why = append(why, fmt.Sprintf("%s: %s of %s %s is over a threshold: %s", i.Container, v.ID, v.Package,
					v.Version, v.Rule))
			}
		}
	}
	return why
}

// unasked reports whether a check that could not run is about data that nobody asked for: the vulnerability database
// where no thresholds were named.
func unasked(c *inspect.Case, s inspect.CheckState) bool {
	return s.Name == inspect.CheckVulnerabilities && c.Thresholds == nil && !s.Running()
}

// uncompared lists the images to which thresholds about vulnerabilities could not be applied, since there is no
// database.
func uncompared(c *inspect.Case) []string {
	if c.Thresholds == nil || !threshold.AboutVulnerabilities(*c.Thresholds) {
		return nil
	}
	var why []string
	for _, i := range c.Images {
		if s, ok := c.Check(inspect.CheckVulnerabilities, i.Container); i.VulnData == nil && ok &&
			s.Status == inspect.CheckSkipped {
			why = append(why, fmt.Sprintf("%s: the thresholds for vulnerabilities could not be applied: %s",
				i.Container, s.Reason))
		}
	}
	return why
}
