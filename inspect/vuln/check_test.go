package vuln

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// run folds a run of the check on an image of facts.
func run(t *testing.T, check engine.Check, packagesEnd error, facts ...inspect.Fact) inspect.Case {
	t.Helper()
	start := engine.Check{
		Name: "start", Scope: engine.PerCase, Resolves: true,
		Run: func(_ context.Context, _ engine.On, emit func(inspect.Event)) error {
			head := inspect.ImageHead{
				Reference: "registry.example/shop/web:1", Digest: "sha256:" + strings.Repeat("a",
					64),
				Status: inspect.Verified,
			}
			for _, f := range append([]inspect.Fact{head}, facts...) {
				emit(inspect.Event{Container: "web", Fact: f})
			}
			return nil
		},
	}
	before := engine.Check{Name: inspect.CheckPackages, Run: func(context.Context, engine.On, func(inspect.Event)) error {
		return packagesEnd
	}}
	diff := engine.Check{Name: inspect.CheckPackageDiff, Run: func(context.Context, engine.On, func(inspect.Event)) error {
		return nil
	}}
	signatures := diff
	signatures.Name = inspect.CheckSignatures
	header := inspect.Header{Schema: inspect.Schema, Started: inspect.At(built)}
	source, err := engine.NewSource(engine.Plan{Header: header, Checks: []engine.Check{
		start, before, diff, signatures,
		check,
	}})
	if err != nil {
		t.Fatal(err)
	}
	var c inspect.Case
	if err := source(context.Background(), c.Apply); err != nil {
		t.Fatal(err)
	}
	return c
}

func testData(t *testing.T) *Data {
	t.Helper()
	data := NewData(testFolder(t), "")
	t.Cleanup(func() { _ = data.Close() })
	return data
}

func TestVulnerabilities(t *testing.T) {
	c := run(t, Vulnerabilities(testData(t), nil, nil), nil, inspect.Packages{List: packages})
	i := c.Images[0]
	if i.VulnData == nil || i.VulnData.Compared != 9 || i.VulnData.NotCompared != 2 || i.VulnData.Date.Time != built {
		t.Fatalf("the data is %+v", i.VulnData)
	}
	var got []string
	for _, v := range i.Vulns {
		got = append(got, string(v.Threshold)+" "+v.ID+" "+v.Package)
		if v.New != nil {
			t.Errorf("%s is new or not, without another image: %v", v.ID, *v.New)
		}
	}
	want := []string{
		"block CVE-2024-0001 libssl3", "block GHSA-aaaa-bbbb-cccc left-pad",
		"warn GHSA-gggg-hhhh-iiii golang.org/x/net", "warn CVE-2024-0003 busybox-binsh",
		"warn CVE-2024-0008 node", "log GHSA-dddd-eeee-ffff requests",
		"log CVE-2024-0002 libssl3", "log CVE-2024-0002 openssl", "log GHSA-jjjj-kkkk-llll unrated",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if due := i.Vulns[2].Due; due.Time != built.AddDate(0, 0, 30) {
		t.Errorf("the remedy is due on %s", due)
	}
	if len(c.Findings) != 0 || verdict.Of(&c).Status != inspect.CasePassed {
		t.Errorf("without thresholds that a person named, the case is %+v with %d findings", verdict.Of(&c),
			len(c.Findings))
	}
}

// What the image before had already is not new, nor is a vulnerability of the version that was replaced.
func TestNewVulnerabilities(t *testing.T) {
	diff := inspect.Diff{KnownGood: &inspect.KnownGood{}, Packages: &inspect.PackageDiff{
		Added: []inspect.Package{packages[8]},
		Changed: []inspect.PackageChange{
			{Type: "npm", Name: "left-pad", From: "1.2.0", To: "1.3.0", PURL: "pkg:npm/left-pad@1.3.0"},
			{Type: "python", Name: "requests", From: "1.9.0", To: "2.31.0", PURL: "pkg:pypi/requests@2.31.0"},
			{Type: "deb", Name: "libssl3", From: "3.0.13-1", To: packages[0].Version, PURL: packages[0].PURL},
		},
	}}
	c := run(t, Vulnerabilities(testData(t), nil, nil), nil, inspect.Packages{List: packages}, diff)
	var got []string
	for _, v := range c.Images[0].Vulns {
		if v.New == nil {
			t.Fatalf("of %s it is not known whether it is new", v.ID)
		}
		if *v.New {
			got = append(got, v.ID+" "+v.Package)
		}
	}
	want := []string{"CVE-2024-0001 libssl3", "GHSA-gggg-hhhh-iiii golang.org/x/net", "GHSA-dddd-eeee-ffff requests"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if first := c.Images[0].Vulns[:3]; !*first[0].New || !*first[2].New {
		t.Error("the new ones do not come first")
	}
}

func TestUnknownIsNotNone(t *testing.T) {
	state := func(c inspect.Case) inspect.CheckState {
		s, _ := c.Check(inspect.CheckVulnerabilities, "web")
		return s
	}
	none := run(t, Vulnerabilities(NewData(t.TempDir(), ""), nil, nil), nil, inspect.Packages{List: packages})
	if s := state(none); s.Status != inspect.CheckSkipped || !strings.Contains(s.Reason, "backtrail db update") {
		t.Errorf("without a database the check is %+v", s)
	}
	if none.Images[0].VulnData != nil {
		t.Error("without a database there is data")
	}
	if v := verdict.Of(&none); v.Status != inspect.CasePassed || !v.Complete {
		t.Errorf("without a database the case is %+v", v)
	}
	partly := run(t, Vulnerabilities(testData(t), nil, nil), engine.Unchecked("a layer is missing"),
		inspect.Packages{List: packages[:1]})
	if s := state(partly); s.Status != inspect.CheckBlocked || !strings.Contains(s.Reason, "a layer is missing") ||
		len(partly.Images[0].Vulns) != 2 {
		t.Errorf("with a part of the packages the check is %+v with %d rows", s, len(partly.Images[0].Vulns))
	}
	nothing := run(t, Vulnerabilities(testData(t), nil, nil), engine.Unchecked("a layer is missing"))
	if s := state(nothing); s.Status != inspect.CheckBlocked || nothing.Images[0].VulnData != nil {
		t.Errorf("without packages the check is %+v", s)
	}
}

// The levels follow the thresholds of the case, and statements of OpenVEX are shown.
func TestThresholdsAndStatements(t *testing.T) {
	statements, err := ReadStatements(Document{
		"vex.json",
		[]byte(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x",
		"author":"Ann","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[
		{"vulnerability":{"name":"CVE-2024-0001"},"products":[{"@id":"pkg:deb/debian/libssl3"}],
		"status":"not_affected","justification":"vulnerable_code_not_in_execute_path"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	rules := inspect.Thresholds{Rules: []inspect.ThresholdRule{{
		Level: inspect.LevelBlock, Name: "all",
		Vulnerability: &inspect.ThresholdVuln{},
	}}}
	c := run(t, Vulnerabilities(testData(t), statements, nil), nil, inspect.Packages{List: packages[:2]}, rules)
	if len(c.Images[0].Vulns) != 3 {
		t.Fatalf("there are %d rows", len(c.Images[0].Vulns))
	}
	for _, v := range c.Images[0].Vulns {
		stated := v.ID == "CVE-2024-0001"
		if stated != (v.VEX == "not_affected: vulnerable_code_not_in_execute_path (Ann, vex.json)") ||
			stated != (v.Threshold == inspect.LevelLog) {
			t.Errorf("%s of %s has the level %s and the statement %q", v.ID, v.Package, v.Threshold, v.VEX)
		}
	}
	if v := verdict.Of(&c); v.Status != inspect.CaseFailed || len(v.Reasons) != 2 {
		t.Errorf("the case is %+v", v)
	}
}
