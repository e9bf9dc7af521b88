package threshold_test

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// caseOf is a case of two containers, begun at at.
func caseOf(facts ...inspect.Fact) *inspect.Case {
	c := &inspect.Case{}
	c.Apply(inspect.Event{Fact: inspect.Header{Started: at}})
	c.Apply(inspect.Event{Container: "web", Fact: inspect.ImageHead{Reference: "registry.example/shop/web:1"}})
	c.Apply(inspect.Event{Container: "proxy", Fact: inspect.ImageHead{Reference: "registry.example/mesh/proxy:2"}})
	for _, f := range facts {
		c.Apply(inspect.Event{Fact: f})
	}
	return c
}

func TestOf(t *testing.T) {
	rules, named := threshold.Of(caseOf())
	if named || rules.Source != threshold.DefaultSource || len(rules.Rules) == 0 {
		t.Errorf("without thresholds those of the case are %q, named %v", rules.Source, named)
	}
	rules, named = threshold.Of(caseOf(inspect.Thresholds{Source: "mine.yaml"}))
	if !named || rules.Source != "mine.yaml" {
		t.Errorf("the thresholds of the case are %q, named %v", rules.Source, named)
	}
}

// A waiver for one image does not count for another of the same pod.
func TestFindingsByTheirImage(t *testing.T) {
	rules := read(t, `
block: [{name: all, finding: {}}]
waivers: [{id: miner, image: "registry.example/shop/*", owner: ann, reason: known, until: 2026-12-31}]`)
	c := caseOf(rules)
	for subject, want := range map[string]inspect.Level{
		"web": inspect.LevelLog, "web:/usr/bin/x": inspect.LevelLog, "proxy:/usr/bin/x": inspect.LevelBlock,
		"gone:/x": inspect.LevelBlock, "": inspect.LevelBlock,
	} {
		d := threshold.Finding(c, inspect.Finding{ID: "1", Code: "miner", Subject: subject})
		if d.Level != want {
			t.Errorf("%q: %s, want %s", subject, line(d), want)
		}
	}
}

func TestAboutVulnerabilities(t *testing.T) {
	for text, want := range map[string]bool{
		"block: [{name: r, vulnerability: {}}]":                                true,
		"warn: [{name: r, vulnerability: {}, within: 1d}]":                     true,
		"log: [{name: r, vulnerability: {}}]":                                  false,
		"block: [{name: r, finding: {}}]":                                      false,
		"block: [{name: r, finding: {}}]\nlog: [{name: s, vulnerability: {}}]": false,
	} {
		if got := threshold.AboutVulnerabilities(read(t, text)); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if !threshold.AboutVulnerabilities(threshold.Default()) {
		t.Error("the default is not about vulnerabilities")
	}
}

// The first waiver that has not ended applies, whatever stands before it.
func TestSeveralWaivers(t *testing.T) {
	rules := read(t, `
block: [{name: all, vulnerability: {}}]
waivers:
  - {id: CVE-1, owner: ann, reason: old, until: 2026-01-01}
  - {id: CVE-2, owner: bob, reason: another, until: 2026-12-31}
  - {id: CVE-1, owner: cem, reason: renewed, until: 2026-06-30}
  - {id: CVE-1, owner: dan, reason: later still, until: 2027-06-30}`)
	d := threshold.OfVulnerability(rules, inspect.Vuln{ID: "CVE-1"}, threshold.On{At: at})
	if line(d) != "log waived by cem until 2026-06-30: renewed" || d.Ended != nil || d.Waiver.Owner != "cem" {
		t.Errorf("the decision is %s, %+v", line(d), d)
	}
	if d := threshold.OfVulnerability(rules, inspect.Vuln{ID: "CVE-1"}, threshold.On{}); d.Level != inspect.LevelBlock {
		t.Errorf("at a time that is not known the decision is %s", line(d))
	}
}

// The order of the levels decides, not that of the file.
func TestBlockComesBeforeWarn(t *testing.T) {
	rules := read(t, `
log: [{name: third, vulnerability: {severity: [high]}}]
warn: [{name: second, vulnerability: {severity: [high]}, within: 3d, from: first-seen}]
block: [{name: first, vulnerability: {severity: [high], kev: true}}]`)
	for _, tt := range []struct {
		v    inspect.Vuln
		want string
	}{
		{inspect.Vuln{Severity: inspect.High, KEV: true}, "block first"},
		{inspect.Vuln{Severity: inspect.High}, "warn second, due 2026-03-17"},
		{inspect.Vuln{Severity: inspect.Low}, "log no rule"},
	} {
		if got := line(threshold.OfVulnerability(rules, tt.v, threshold.On{At: at})); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.v, got, tt.want)
		}
	}
}

// What is read keeps its name and the digest of its bytes.
func TestReadNamesItsSource(t *testing.T) {
	text := "block: [{name: r, finding: {}}]"
	one, other := read(t, text), read(t, text+"\n")
	if one.Source != "test.yaml" || len(one.Digest) != len("sha256:")+64 || one.Digest == other.Digest {
		t.Errorf("source %q, digests %s and %s", one.Source, one.Digest, other.Digest)
	}
}
