package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// vulnerabilitySection lists the vulnerabilities of an image in the order of the case, after how many there are and how
// old the data is.
// Without a database the section states that, in place of an empty table.
func vulnerabilitySection(c inspect.Case, i inspect.Image) section {
	s := section{title: "vulnerabilities"}
	if i.VulnData == nil {
		if state, ok := c.Check(inspect.CheckVulnerabilities, i.Container); ok && c.Thresholds != nil {
			s.text("Not known: " + state.Reason)
		}
		return s
	}
	s.text(threshold.Summary(i, c.Started))
	t := table{head: []string{"level", "severity", "id", "package", "version", "fixed in", "notes"}}
	for _, v := range i.Vulns {
		t.rows = append(t.rows, []cell{
			plainCell(string(v.Threshold)), plainCell(string(v.Severity)), plainCell(v.ID),
			plainCell(v.Package), plainCell(v.Version), plainCell(threshold.FixWords(v)),
			plainCell(strings.Join(threshold.Notes(v), "; ")),
		})
	}
	s.table(t)
	return s
}

// thresholdSection shows what the thresholds that a person named make of the case: levels, waivers, and what they
// waived.
// Waivers stand with their owner and end: an exception that a reader does not see is a hole.
func thresholdSection(c inspect.Case) section {
	s := section{title: "Thresholds"}
	if c.Thresholds == nil {
		return s
	}
	s.text(fmt.Sprintf("%s, %s", c.Thresholds.Source, c.Thresholds.Digest))
	t := table{head: []string{"level", "what", "why"}}
	for at, f := range c.Findings {
		d := threshold.Finding(&c, f)
		if d.Level == inspect.LevelLog && d.Waiver == nil {
			continue
		}
		t.rows = append(t.rows, []cell{
			plainCell(string(d.Level)), plainCell(findingNumber(at) + "  " + f.Title),
			plainCell(withDue(d)),
		})
	}
	for _, i := range c.Images {
		n := threshold.Count(i.Vulns)
		for _, row := range []struct {
			level inspect.Level
			count int
		}{{inspect.LevelBlock, n.Block}, {inspect.LevelWarn, n.Warn}, {inspect.LevelLog, n.Log}} {
			if row.count > 0 {
				t.rows = append(t.rows, []cell{
					plainCell(string(row.level)), plainCell(vulnerabilitiesOf(i, row.count)),
					plainCell("see below"),
				})
			}
		}
	}
	slices.SortStableFunc(t.rows, func(a, b []cell) int {
		return cmp.Compare(inspect.Level(a[0].text).Rank(), inspect.Level(b[0].text).Rank())
	})
	s.table(t)
	for _, w := range c.Thresholds.Waivers {
		s.text("Waiver: " + threshold.WaiverWords(w, c.Started))
	}
	return s
}

// vulnerabilitiesOf words how many were compared and found, with the date of the data.
func vulnerabilitiesOf(i inspect.Image, count int) string {
	if count == 1 {
		return "1 vulnerability of " + i.Container
	}
	return fmt.Sprintf("%d vulnerabilities of %s", count, i.Container)
}

// withDue is a level with its deadline, where it has one.
func withDue(d threshold.Decision) string {
	if d.Level == inspect.LevelWarn && !d.Due.IsZero() {
		return d.Rule + ", due " + d.Due.Format(time.DateOnly)
	}
	return d.Rule
}
