package threshold_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/threshold"
)

// at is the time of the decisions.
var at = inspect.At(time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC))

func read(t *testing.T, text string) inspect.Thresholds {
	t.Helper()
	rules, err := threshold.Read([]byte(text), "test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func daysAgo(n int) inspect.Time { return inspect.At(at.AddDate(0, 0, -n)) }

// line is a decision on one line.
func line(d threshold.Decision) string {
	text := string(d.Level) + " " + d.Rule
	if !d.Due.IsZero() {
		text += ", due " + d.Due.Format(time.DateOnly)
	}
	return text
}

func TestDefault(t *testing.T) {
	rules := threshold.Default()
	for name, tt := range map[string]struct {
		v    inspect.Vuln
		want string
	}{
		"exploited":              {inspect.Vuln{Severity: inspect.Low, KEV: true}, "block known to be exploited"},
		"critical without a fix": {inspect.Vuln{Severity: inspect.Critical}, "block critical without a fix"},
		"critical with a fix":    {inspect.Vuln{Severity: inspect.Critical, Fixed: "2"}, "warn critical with a fix, due 2026-03-28"},
		"high with a fix":        {inspect.Vuln{Severity: inspect.High, Fixed: "2"}, "warn high with a fix, due 2026-04-13"},
		"high without a fix":     {inspect.Vuln{Severity: inspect.High}, "log other vulnerabilities"},
		"likely":                 {inspect.Vuln{Severity: inspect.Low, EPSS: 0.5}, "warn likely to be exploited, due 2026-03-21"},
		"stated":                 {inspect.Vuln{KEV: true, VEX: "not_affected: x (Ann)"}, "log OpenVEX: not_affected: x (Ann)"},
		"stated as affected":     {inspect.Vuln{KEV: true, VEX: "affected: update (Ann)"}, "block known to be exploited"},
		"investigated":           {inspect.Vuln{KEV: true, VEX: "under_investigation (Ann)"}, "block known to be exploited"},
	} {
		if got := line(threshold.OfVulnerability(rules, tt.v, threshold.On{At: at})); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		f    inspect.Finding
		want string
	}{
		"compromise": {inspect.Finding{Check: "advisories", Severity: inspect.High, Status: inspect.RowFailed}, "block known compromise"},
		"unsigned":   {inspect.Finding{Check: "signatures", Severity: inspect.High, Status: inspect.RowFailed}, "block not signed as expected"},
		"critical":   {inspect.Finding{Check: "binaries", Severity: inspect.Critical, Status: inspect.RowFailed}, "block critical finding"},
		"high":       {inspect.Finding{Check: "binaries", Severity: inspect.High, Status: inspect.RowFailed}, "warn high finding, due 2026-03-21"},
		"cleared":    {inspect.Finding{Check: "binaries", Severity: inspect.High, Status: inspect.RowVerified}, "log other findings"},
	} {
		if got := line(threshold.OfFinding(rules, tt.f, threshold.On{At: at})); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// A deadline runs from the publication or from when it was first seen, and blocks once it has passed.
func TestDeadlines(t *testing.T) {
	published := read(t, "warn: [{name: r, vulnerability: {}, within: 7d}]")
	seen := read(t, "warn: [{name: r, vulnerability: {}, within: 7d, from: first-seen}]")
	for name, tt := range map[string]struct {
		rules inspect.Thresholds
		v     inspect.Vuln
		seen  inspect.Time
		want  string
	}{
		"published lately":    {published, inspect.Vuln{Published: daysAgo(3)}, inspect.Time{}, "warn r, due 2026-03-18"},
		"published long ago":  {published, inspect.Vuln{Published: daysAgo(8)}, inspect.Time{}, "block r: its remedy was due on 2026-03-13, due 2026-03-13"},
		"on the last day":     {published, inspect.Vuln{Published: daysAgo(7)}, inspect.Time{}, "warn r, due 2026-03-14"},
		"publication unknown": {published, inspect.Vuln{}, daysAgo(1), "warn r, due 2026-03-20"},
		"first seen long ago": {seen, inspect.Vuln{Published: daysAgo(1)}, daysAgo(9), "block r: its remedy was due on 2026-03-12, due 2026-03-12"},
		"never seen before":   {seen, inspect.Vuln{Published: daysAgo(99)}, inspect.Time{}, "warn r, due 2026-03-21"},
	} {
		if got := line(threshold.OfVulnerability(tt.rules, tt.v, threshold.On{At: at, Seen: tt.seen})); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	if d := threshold.OfVulnerability(published, inspect.Vuln{}, threshold.On{}); d.Level != inspect.LevelWarn || !d.Due.IsZero() {
		t.Errorf("without any time the decision is %+v", d)
	}
}

func TestWhatRulesName(t *testing.T) {
	yes, no := true, false
	v := inspect.Vuln{ID: "CVE-1", Severity: inspect.High, Package: "openssl-libs", Type: "rpm", Fixed: "3", EPSS: 0.3, New: &yes}
	old := v
	old.New = &no
	for text, tt := range map[string]struct {
		v    inspect.Vuln
		fits bool
	}{
		"{}":                                 {v, true},
		"{severity: [critical, high]}":       {v, true},
		"{severity: [critical]}":             {v, false},
		"{severity: [unknown]}":              {inspect.Vuln{Severity: inspect.Unrated}, true},
		"{fixed: true, kev: false}":          {v, true},
		"{fixed: false}":                     {v, false},
		"{epss: 0.3}":                        {v, true},
		"{epss: 0.31}":                       {v, false},
		"{new: true}":                        {v, true},
		"{new: true} ":                       {old, false},
		"{new: false}":                       {inspect.Vuln{}, true},
		"{types: [deb, rpm]}":                {v, true},
		"{types: [deb]}":                     {v, false},
		"{packages: [\"openssl*\"]}":         {v, true},
		"{packages: [openssl]}":              {v, false},
		"{packages: [\"golang.org/x/*\"]}":   {inspect.Vuln{Package: "golang.org/x/net/http"}, true},
		"{packages: [\"[a-o]penssl-libs\"]}": {v, true},
	} {
		rules := read(t, "block: [{name: r, vulnerability: "+text+"}]")
		if got := threshold.OfVulnerability(rules, tt.v, threshold.On{At: at}).Level == inspect.LevelBlock; got != tt.fits {
			t.Errorf("%s: fits %v, want %v", text, got, tt.fits)
		}
	}
	f := inspect.Finding{Check: "binaries", Code: "miner", Severity: inspect.High, Status: inspect.RowFailed}
	for text, want := range map[string]bool{
		"{}": true, "{checks: [binaries]}": true, "{checks: [lock-files]}": false, "{codes: [miner]}": true,
		"{codes: [other]}": false, "{severity: [high], status: [failed]}": true, "{status: [unknown]}": false,
		"{severity: [low]}": false,
	} {
		rules := read(t, "block: [{name: r, finding: "+text+"}]")
		if got := threshold.OfFinding(rules, f, threshold.On{At: at}).Level == inspect.LevelBlock; got != want {
			t.Errorf("%s: fits %v, want %v", text, got, want)
		}
	}
}

func TestWaivers(t *testing.T) {
	rules := func(waiver string) inspect.Thresholds {
		return read(t, "block: [{name: r, vulnerability: {kev: true}}, {name: f, finding: {}}]\nwaivers: [{"+waiver+
			", owner: ann, reason: not reachable}]")
	}
	v := inspect.Vuln{ID: "CVE-1", Package: "xz-utils", KEV: true}
	const waived = "log waived by ann until 2026-03-14: not reachable"
	for waiver, want := range map[string]string{
		"id: CVE-1, until: 2026-03-14":                                       waived,
		"id: CVE-1, until: 2026-03-13":                                       "block r (the waiver of ann ended on 2026-03-13)",
		"id: CVE-2, until: 2026-03-14":                                       "block r",
		"id: CVE-1, package: \"xz*\", until: 2026-03-14":                     waived,
		"id: CVE-1, package: zlib, until: 2026-03-14":                        "block r",
		"id: CVE-1, image: \"registry.example/shop/*\", until: 2026-03-14":   waived,
		"id: CVE-1, image: \"registry.example/other/*\", until: 2026-03-14":  "block r",
		"id: CVE-1, image: \"registry.example/shop/web\", until: 2026-03-14": waived,
	} {
		on := threshold.On{At: at, Image: "registry.example/shop/web:1@sha256:aa"}
		if got := line(threshold.OfVulnerability(rules(waiver), v, on)); got != want {
			t.Errorf("%s: %s, want %s", waiver, got, want)
		}
	}
	f := inspect.Finding{ID: "aa", Code: "miner", Cause: "package:python litellm@1.0"}
	for waiver, want := range map[string]bool{
		"id: aa": true, "id: miner": true, "id: other": false, "id: miner, package: litellm": true,
		"id: miner, package: python litellm": true, "id: miner, package: xz": false,
	} {
		d := threshold.OfFinding(rules(waiver+", until: 2026-03-14"), f, threshold.On{At: at})
		if got := d.Waiver != nil; got != want || got != (d.Level == inspect.LevelLog) {
			t.Errorf("%s: %+v, waived %v wanted", waiver, d, want)
		}
	}
	logged := threshold.OfVulnerability(rules("id: CVE-1, until: 2026-01-01"), inspect.Vuln{ID: "CVE-1"}, threshold.On{At: at})
	if logged.Rule != "no rule" || logged.Waiver != nil {
		t.Errorf("of what is logged anyway the waiver is named: %+v", logged)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "no rule",
		"block: []":                            "no rule",
		"block: [{name: r}]":                   "either a vulnerability or a finding",
		"block: [{vulnerability: {}}]":         "a name",
		"blok: [{name: r, vulnerability: {}}]": "unknown field",
		"block: [{name: r, vulnerability: {sev: [high]}}]":                                                        "unknown field",
		"block: [{name: r, vulnerability: {severity: [urgent]}}]":                                                 "no severity",
		"block: [{name: r, finding: {severity: [unknown]}}]":                                                      "no severity",
		"block: [{name: r, finding: {status: [bad]}}]":                                                            "no status",
		"block: [{name: r, vulnerability: {epss: 40}}]":                                                           "probability",
		"block: [{name: r, vulnerability: {packages: [\"[\"]}}]":                                                  "no pattern",
		"block: [{name: r, vulnerability: {types: [\"\"]}}]":                                                      "is empty",
		"block: [{name: r, vulnerability: {}, within: 7d}]":                                                       "only rules of warn",
		"warn: [{name: r, vulnerability: {}}]":                                                                    "must be days",
		"warn: [{name: r, vulnerability: {}, within: 7}]":                                                         "must be days",
		"warn: [{name: r, vulnerability: {}, within: 0d}]":                                                        "must be days",
		"warn: [{name: r, vulnerability: {}, within: 9999d}]":                                                     "must be days",
		"warn: [{name: r, vulnerability: {}, within: 7d, from: yesterday}]":                                       "must be published or first-seen",
		"log: [{name: r, finding: {}, vulnerability: {}}]":                                                        "either a vulnerability or a finding",
		"block: [{name: r, finding: {}}]\nblock: [{name: s, finding: {}}]":                                        "already set",
		"log: [{name: r, finding: {}}]\nwaivers: [{id: x, owner: a, reason: b}]":                                  "until is missing",
		"log: [{name: r, finding: {}}]\nwaivers: [{id: x, reason: b, until: 2026-01-01}]":                         "owner is missing",
		"log: [{name: r, finding: {}}]\nwaivers: [{id: x, owner: a, until: 2026-01-01}]":                          "reason is missing",
		"log: [{name: r, finding: {}}]\nwaivers: [{owner: a, reason: b, until: 2026-01-01}]":                      "id is missing",
		"log: [{name: r, finding: {}}]\nwaivers: [{id: x, owner: a, reason: b, until: soon}]":                     "must be a day",
		"log: [{name: r, finding: {}}]\nwaivers: [{id: x, owner: a, reason: b, until: 2026-02-31}]":               "must be a day",
		"log: [{name: r, finding: {}}]\nwaivers: [{id: x, owner: a, reason: b, until: 2026-01-01, image: \"[\"}]": "no pattern",
		strings.Repeat("#", threshold.MaxBytes+1):                                                                 "bytes",
		"block: [" + strings.Repeat("{name: r, finding: {}},", 201) + "]":                                         "more than 200 rules",
	} {
		if _, err := threshold.Read([]byte(text), "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: the error is %v, want %q", text, err, want)
		}
	}
}

func TestWords(t *testing.T) {
	rules := read(t, `
block: [{name: a, vulnerability: {severity: [critical, high], fixed: false, kev: true, new: true, types: [deb], packages: ["x*"]}}]
warn: [{name: b, vulnerability: {epss: 0.5, fixed: true}, within: 7d}, {name: c, finding: {checks: [binaries], codes: [miner], severity: [high], status: [failed]}, within: 1d, from: first-seen}]
log: [{name: d, finding: {}}]
waivers: [{id: CVE-1, package: xz, image: r/*, owner: ann, reason: later, until: 2026-03-13}, {id: CVE-2, owner: bob, reason: soon, until: 2026-12-31}]`)
	text := threshold.Explain(rules, nil, at).Text()
	for _, want := range []string{
		"vulnerability: severity critical or high, without a fix, known to be exploited, new, packages of type deb, packages x*",
		"vulnerability: with a fix, EPSS at least 0.5; due 7 days after its publication, then it blocks",
		"finding: severity high, status failed, of check binaries, code miner; due 1 day after it was first seen",
		"finding: any", "CVE-1 of package xz in r/*: no effect: ended on 2026-03-13, ann: later",
		"CVE-2: until 2026-12-31, bob: soon",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestExplainACase(t *testing.T) {
	c := inspect.Case{Started: at}
	c.Apply(inspect.Event{Container: "web", Fact: inspect.ImageHead{Reference: "r/web:1"}})
	c.Apply(inspect.Event{Container: "web", Fact: inspect.Vuln{ID: "CVE-1", Package: "xz", Version: "5", KEV: true}})
	c.Apply(inspect.Event{Fact: inspect.Finding{
		ID: "1", Code: "miner", Subject: "web:/x", Title: "a miner", Severity: inspect.High,
		Status: inspect.RowFailed,
	}})
	text := threshold.Explain(threshold.Default(), &c, at).Text()
	for _, want := range []string{
		"block  web: CVE-1 in xz 5 (known to be exploited)",
		"warn   web: a miner (high finding), due 2026-03-21",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	none := threshold.Explain(threshold.Default(), &inspect.Case{}, at).Text()
	if !strings.Contains(none, "no findings and no vulnerabilities") {
		t.Errorf("of an empty case:\n%s", none)
	}
}

func TestSummary(t *testing.T) {
	data := &inspect.VulnData{AdvisoryData: inspect.AdvisoryData{Date: daysAgo(1)}, Compared: 3}
	old := &inspect.VulnData{AdvisoryData: inspect.AdvisoryData{Date: daysAgo(30)}, Compared: 1, NotCompared: 2}
	rows := []inspect.Vuln{{Threshold: inspect.LevelBlock}, {Threshold: inspect.LevelWarn}, {Threshold: inspect.LevelLog}, {}}
	for _, tt := range []struct {
		i    inspect.Image
		want string
	}{
		{inspect.Image{}, ""},
		{inspect.Image{VulnData: data, Vulns: rows}, "4 vulnerabilities: 1 block, 1 warn, 2 log; data of 2026-03-13 (1 day old)"},
		{inspect.Image{VulnData: data, Vulns: rows[:1]}, "1 vulnerability: 1 block, 0 warn, 0 log; data of 2026-03-13 (1 day old)"},
		{inspect.Image{VulnData: old}, "no known vulnerabilities in 1 package; data of 2026-02-12 (old: 30 days; backtrail db update " +
			"fetches newer data); 2 packages could not be compared: no version, package URL or CPE"},
	} {
		if got := threshold.Summary(tt.i, at); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if got := threshold.Count(rows); got != (threshold.Counts{Block: 1, Warn: 1, Log: 2}) {
		t.Errorf("counted %+v", got)
	}
}

func ExampleRead() {
	rules, err := threshold.Read([]byte(`
block:
  - name: known to be exploited
    vulnerability: {kev: true}
waivers:
  - {id: CVE-2024-1, owner: ann@example.com, reason: not reachable, until: 2026-12-31}
`), "thresholds.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	at := inspect.At(time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC))
	for _, id := range []string{"CVE-2024-1", "CVE-2024-2"} {
		d := threshold.OfVulnerability(rules, inspect.Vuln{ID: id, KEV: true}, threshold.On{At: at})
		fmt.Println(id, d.Level, d.Rule)
	}
	// Output:
	// CVE-2024-1 log waived by ann@example.com until 2026-12-31: not reachable
	// CVE-2024-2 block known to be exploited
}

func FuzzRead(f *testing.F) {
	f.Add(threshold.DefaultText())
	f.Add([]byte("warn: [{name: r, vulnerability: {packages: [\"a*\"]}, within: 7d}]\nwaivers: [{id: x, owner: a, reason: b, until: 2026-01-01}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := threshold.Read(data, "fuzz")
		if err != nil {
			return
		}
		for _, v := range []inspect.Vuln{{}, {ID: "x", Package: "a", KEV: true, Severity: inspect.Critical}} {
			d := threshold.OfVulnerability(rules, v, threshold.On{At: at})
			if d.Level != inspect.LevelBlock && d.Level != inspect.LevelWarn && d.Level != inspect.LevelLog {
				t.Errorf("the level is %q", d.Level)
			}
		}
		_ = threshold.Explain(rules, nil, at).Text()
	})
}
