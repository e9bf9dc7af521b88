package pane

import (
	"slices"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func TestVulnerabilityRows(t *testing.T) {
	i := imageOf("web")
	i.Packages = []inspect.Package{
		{Type: "deb", Name: "xz", Version: "5.6", Layer: 1},
		{Type: "deb", Name: "curl", Version: "7"},
	}
	at := inspect.At(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	i.VulnData = &inspect.VulnData{AdvisoryData: inspect.AdvisoryData{Date: at, Digest: "sha256:aa"}, Compared: 2}
	i.Vulns = []inspect.Vuln{
		{
			ID: "CVE-1", Package: "xz", Version: "5.6", Type: "deb", Severity: inspect.Critical, KEV: true,
			Threshold: inspect.LevelBlock, Rule: "known to be exploited", Fixed: "5.7",
		},
		{
			ID: "CVE-2", Package: "curl", Version: "7", Type: "deb", Severity: inspect.Unrated,
			Threshold: inspect.LevelLog,
		},
	}
	v := viewOf(i)
	rows := packageRows(v)
	if got := keys(rows)[:2]; !slices.Equal(got, []string{"vulnerabilities", "vulnerability:CVE-1:xz 5.6"}) {
		t.Fatalf("the first rows are %q", got)
	}
	has(t, "the summary", line(v, rows[0], 100), "2 vulnerabilities: 1 block, 0 warn, 1 log", "data of 2026-03-01")
	has(t, "the summary", detail(v, rows[0]), "CRIT CVE-1 of xz, block, fixed in: 5.7",
		"? CVE-2 of curl, log, fixed in: not known",
		"data digest sha256:aa")
	has(t, "one that blocks", line(v, rows[1], 100), "CRIT", "xz 5.6", "block: CVE-1, known to be exploited", "L1")
	has(t, "one that blocks", detail(v, rows[1]), "fixed in", "5.7", "known to be exploited")
}

func TestVulnerabilitiesThatAreNotKnown(t *testing.T) {
	v := viewOf(imageOf("web"))
	v.Case.Apply(inspect.Event{
		Check: inspect.CheckVulnerabilities, Container: "web",
		Fact: inspect.End{Status: inspect.CheckSkipped, Reason: "no vulnerability database"},
	})
	if rows := vulnerabilityRows(v); len(rows) != 0 {
		t.Errorf("without thresholds there are %d rows", len(rows))
	}
	v.Case.Apply(inspect.Event{Fact: inspect.Thresholds{Source: "mine.yaml"}})
	rows := vulnerabilityRows(v)
	if len(rows) != 1 || rows[0].Text != "vulnerabilities not known: no vulnerability database" {
		t.Errorf("with thresholds the rows are %+v", rows)
	}
}

func TestThresholdCell(t *testing.T) {
	for _, tt := range []struct {
		levels []inspect.Level
		want   widget.Cell
	}{
		{nil, widget.Cell{}},
		{[]inspect.Level{inspect.LevelLog}, widget.Cell{Text: "1 vuln", Tone: widget.ToneDim}},
		{[]inspect.Level{inspect.LevelLog, inspect.LevelWarn}, widget.Cell{Text: "2 vulns", Tone: widget.ToneWarn}},
		{[]inspect.Level{inspect.LevelBlock, inspect.LevelWarn}, widget.Cell{Text: "2 vulns", Tone: widget.ToneBad}},
	} {
		var vulns []inspect.Vuln
		for _, l := range tt.levels {
			vulns = append(vulns, inspect.Vuln{Threshold: l})
		}
		if got := thresholdCell(vulns); got != tt.want {
			t.Errorf("%v: %+v, want %+v", tt.levels, got, tt.want)
		}
	}
}
