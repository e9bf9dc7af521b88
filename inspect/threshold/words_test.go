package threshold_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

func TestRuleWords(t *testing.T) {
	for text, want := range map[string]string{
		"block: [{name: r, vulnerability: {}}]":                                         "vulnerability: any",
		"log: [{name: r, finding: {}}]":                                                 "finding: any",
		"block: [{name: r, vulnerability: {kev: false, fixed: true, new: false}}]":      "vulnerability: with a fix, not known to be exploited, not new",
		"block: [{name: r, vulnerability: {epss: 0.05, types: [deb, apk]}}]":            "vulnerability: EPSS at least 0.05, packages of type deb or apk",
		"block: [{name: r, finding: {codes: [a, b], checks: [drift]}}]":                 "finding: of check drift, code a or b",
		"warn: [{name: r, vulnerability: {}, within: 1d}]":                              "vulnerability: any; due 1 day after its publication, then it blocks",
		"warn: [{name: r, finding: {status: [failed]}, within: 30d, from: first-seen}]": "finding: status failed; due 30 days after it was first seen, then it blocks",
	} {
		if got := threshold.RuleWords(read(t, text).Rules[0]); got != want {
			t.Errorf("%s:\n%s, want\n%s", text, got, want)
		}
	}
}

func TestFixWords(t *testing.T) {
	for want, v := range map[string]inspect.Vuln{
		"1.2, 1.3":          {Fixed: "1.2, 1.3", FixState: "fixed"},
		"will not be fixed": {FixState: "wont-fix"},
		"no fix yet":        {FixState: "not-fixed"},
		"not known":         {FixState: "unknown"},
	} {
		if got := threshold.FixWords(v); got != want {
			t.Errorf("%+v: %q, want %q", v, got, want)
		}
	}
}

func TestNotes(t *testing.T) {
	yes, no := true, false
	for _, tt := range []struct {
		v    inspect.Vuln
		want []string
	}{
		{inspect.Vuln{}, nil},
		{inspect.Vuln{New: &no, Rule: "other"}, []string{"rule: other"}},
		{
			inspect.Vuln{New: &yes, KEV: true, EPSS: 0.5, Published: daysAgo(1), Due: daysAgo(-7), Rule: "r"},
			[]string{"new", "known to be exploited", "EPSS 50.0 %", "published 2026-03-13", "due 2026-03-21", "rule: r"},
		},
		{inspect.Vuln{VEX: "fixed (Ann)", Rule: "OpenVEX: fixed (Ann)"}, []string{"OpenVEX: fixed (Ann)"}},
	} {
		if got := threshold.Notes(tt.v); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %q, want %q", tt.v, got, tt.want)
		}
	}
}

// Text of a case or a file that others wrote cannot draw on the terminal.
func TestExplanationsAreCleaned(t *testing.T) {
	rules := inspect.Thresholds{Source: "a\x1b[31mb", Rules: []inspect.ThresholdRule{{
		Level: inspect.LevelBlock, Name: "r\x07",
		Finding: &inspect.ThresholdFinding{Codes: []string{"x\u202ey"}},
	}}}
	c := caseOf(inspect.Finding{ID: "1", Code: "x", Subject: "web", Title: "t\x1b]8;;http://link.example/\x07"})
	for _, r := range threshold.Explain(rules, c, at).Text() {
		if r < ' ' && r != '\n' || r == '\u202e' || r == '\u009b' {
			t.Errorf("the text has the character %q", r)
		}
	}
}

// The explanation has a row for each finding and vulnerability, under other thresholds than those of the case too.
func TestExplainUnderOtherThresholds(t *testing.T) {
	c := caseOf(inspect.Finding{ID: "1", Code: "miner", Subject: "web:/x", Title: "a miner", Status: inspect.RowFailed},
		read(t, "log: [{name: all, finding: {}}]"))
	c.Apply(inspect.Event{Container: "proxy", Fact: inspect.Vuln{
		ID: "CVE-1", Package: "xz", Version: "5",
		Threshold: inspect.LevelLog,
	}})
	x := threshold.Explain(read(t, "block: [{name: f, finding: {}}, {name: v, vulnerability: {}}]"), c, at)
	want := []threshold.RowExplanation{
		{Level: inspect.LevelBlock, Container: "web", What: "a miner", ID: "miner", Why: "f"},
		{Level: inspect.LevelBlock, Container: "proxy", What: "CVE-1 in xz 5", ID: "CVE-1", Why: "v"},
	}
	if !slices.Equal(x.Rows, want) {
		t.Errorf("the rows are %+v, want %+v", x.Rows, want)
	}
}

// A rule about a check that does not exist would never match, and its reader would believe that it does.
func TestAMisspeltCheckIsRefused(t *testing.T) {
	_, err := threshold.Read([]byte("block: [{name: r, finding: {checks: [signature]}}]"), "x.yaml")
	if err == nil || !strings.Contains(err.Error(), `"signature" is no check: subject, `) {
		t.Fatal(err)
	}
}
