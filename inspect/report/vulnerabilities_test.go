package report

import (
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// vulnerableCase is a case with vulnerabilities, a finding and, where named, thresholds.
func vulnerableCase(named bool) inspect.Case {
	at := inspect.At(time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC))
	isNew := true
	c := inspect.Case{Started: at}
	facts := []inspect.Fact{
		inspect.ImageHead{Reference: "registry.example/web:1", Status: inspect.Verified},
		inspect.VulnData{AdvisoryData: inspect.AdvisoryData{Date: inspect.At(at.AddDate(0, 0, -20))}, Compared: 3},
		inspect.Vuln{
			ID: "CVE-1", Package: "xz", Version: "5.6", Severity: inspect.Critical, KEV: true, EPSS: 0.123,
			New:       &isNew,
			Threshold: inspect.LevelBlock, Rule: "exploited", FixState: "not-fixed",
		},
		inspect.Vuln{
			ID: "CVE-2", Package: "zlib", Version: "1", Severity: inspect.Low, Threshold: inspect.LevelLog,
			Fixed: "1.1", VEX: "not_affected: unused (Ann, vex.json)",
			Rule: "OpenVEX: not_affected: unused (Ann, vex.json)",
		},
		inspect.Vuln{
			ID: "CVE-3", Package: "curl", Version: "7", Severity: inspect.High, Threshold: inspect.LevelWarn,
			Rule: "high with a fix", Fixed: "8", Due: at,
		},
	}
	for _, f := range facts {
		c.Apply(inspect.Event{Container: "web", Fact: f})
	}
	c.Apply(inspect.Event{Fact: inspect.Finding{
		ID: "1", Check: "binaries", Code: "miner", Subject: "web:/x",
		Title:    "a miner",
		Severity: inspect.High, Status: inspect.RowFailed,
	}})
	if named {
		c.Apply(inspect.Event{Fact: inspect.Thresholds{
			Source: "mine.yaml", Digest: "sha256:00",
			Rules: []inspect.ThresholdRule{{
				Level: inspect.LevelBlock, Name: "all findings",
				Finding: &inspect.ThresholdFinding{},
			}},
			Waivers: []inspect.Waiver{
				{ID: "miner", Owner: "ann", Reason: "known", Until: inspect.At(time.Date(2026, 3,
					15, 0, 0, 0, 0, time.UTC))},
				{ID: "CVE-9", Owner: "bob", Reason: "later", Until: inspect.At(time.Date(2026, 3, 13, 0, 0, 0, 0,
					time.UTC))},
			},
		}})
	}
	c.Apply(inspect.Event{Fact: inspect.End{Status: inspect.CheckDone}})
	return c
}

func TestVulnerabilitySection(t *testing.T) {
	c := vulnerableCase(false)
	text := drawn(t, c)
	for _, want := range []string{
		"3 vulnerabilities: 1 block, 1 warn, 1 log; data of 2026-02-22 (old: 20 days; backtrail db update fetches newer data)",
		"no fix yet", "new; known to be exploited; EPSS 12.3 %; rule: exploited",
		"OpenVEX: not_affected: unused (Ann, vex.json)", "due 2026-03-14; rule: high with a fix",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for _, no := range []string{"mine.yaml", "Waiver"} {
		if strings.Contains(text, no) {
			t.Errorf("without named thresholds there is %q", no)
		}
	}
}

func TestThresholdSection(t *testing.T) {
	text := drawn(t, vulnerableCase(true))
	for _, want := range []string{
		"mine.yaml, sha256:00", "F1  a miner", "waived by ann until 2026-03-14: known",
		"1 vulnerability of web", "Waiver: CVE-9: no effect: ended on 2026-03-12, bob: later",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// Without a database nothing is known; that is said where thresholds were named.
func TestVulnerabilitiesNotKnown(t *testing.T) {
	for _, named := range []bool{false, true} {
		var c inspect.Case
		c.Apply(inspect.Event{Container: "web", Fact: inspect.ImageHead{Reference: "web", Status: inspect.Verified}})
		c.Apply(inspect.Event{
			Check: "vulnerabilities", Container: "web",
			Fact: inspect.End{Status: inspect.CheckSkipped, Reason: "no vulnerability database"},
		})
		if named {
			c.Apply(inspect.Event{Fact: inspect.Thresholds{Source: "mine.yaml"}})
		}
		if got := strings.Contains(drawn(t, c), "Not known: no vulnerability database"); got != named {
			t.Errorf("with thresholds %v, the report names it: %v", named, got)
		}
	}
}

// drawn is a report in Markdown without line breaks of its own.
func drawn(t *testing.T, c inspect.Case) string {
	t.Helper()
	var b strings.Builder
	for _, s := range append([]section{thresholdSection(c)}, vulnerabilitySection(c, c.Images[0])) {
		for _, k := range s.blocks {
			b.WriteString(k.text + "\n")
			if k.table != nil {
				for _, row := range k.table.rows {
					for _, x := range row {
						b.WriteString(x.text + " | ")
					}
					b.WriteString("\n")
				}
			}
		}
	}
	return b.String()
}
