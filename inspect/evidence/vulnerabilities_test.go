package evidence

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/evidence/bagit"
)

// vulnerable is an incident with thresholds and a vulnerability that they block.
func vulnerable(t *testing.T, change func(*inspect.Vuln)) *incident {
	t.Helper()
	in := newIncident(t)
	end := in.events[len(in.events)-1].Fact
	in.events = in.events[:len(in.events)-1]
	in.say(inspect.Event{Fact: inspect.Thresholds{Source: "mine.yaml", Rules: []inspect.ThresholdRule{
		{Level: inspect.LevelBlock, Name: "exploited", Vulnerability: &inspect.ThresholdVuln{KEV: new(bool)}},
	}}})
	row := inspect.Vuln{
		ID: "CVE-1", Package: "xz", Version: "5.6.0", Severity: inspect.High, Threshold: inspect.LevelBlock,
		Rule: "exploited", Data: inspect.AdvisoryData{Digest: bagit.Digest([]byte("database")), Date: began},
		Record: `{"id":"CVE-1","constraint":"< 5.6.2"}`,
	}
	change(&row)
	in.say(inspect.Event{Check: "vulnerabilities", Container: "web", Fact: inspect.VulnData{AdvisoryData: row.Data, Compared: 1}})
	in.say(inspect.Event{Check: "vulnerabilities", Container: "web", Fact: row})
	in.say(inspect.Event{Fact: end})
	return in
}

func TestVulnerabilitiesInTheBag(t *testing.T) {
	in := vulnerable(t, func(*inspect.Vuln) {})
	dir := in.export(t, "bundle", Options{Layers: LayersAll}).Path
	rows := string(read(t, filepath.Join(dir, filepath.FromSlash(vulnerabilityFile))))
	if !strings.Contains(rows, "5.6.2") || !strings.Contains(rows, bagit.Digest([]byte("database"))) {
		t.Errorf("the rows in the bag are %s", rows)
	}
	checks := map[string]inspect.Status{}
	for _, c := range verify(t, dir, trusting()).Checks {
		checks[c.Name+" "+c.Subject] = c.Status
	}
	for _, name := range []string{"vulnerabilities " + vulnerabilityFile, "thresholds mine.yaml"} {
		if checks[name] != inspect.Verified {
			t.Errorf("%s is %q", name, checks[name])
		}
	}
	rewrite(t, dir, vulnerabilityFile, "5.6.2", "5.0.0")
	if found := strings.Join(failures(verify(t, dir, trusting())), "\n"); !strings.Contains(found, "does not have the case's rows") {
		t.Errorf("of changed rows verify finds %s", found)
	}
}

// A level that does not follow from the thresholds in the case is a claim that fails.
func TestLevelsAreDerivedAgain(t *testing.T) {
	for name, change := range map[string]func(*inspect.Vuln){
		"level": func(v *inspect.Vuln) { v.Threshold = inspect.LevelLog },
		"rule":  func(v *inspect.Vuln) { v.Rule = "waived" },
		"due":   func(v *inspect.Vuln) { v.Due = began },
	} {
		dir := vulnerable(t, change).export(t, "bundle", Options{Layers: LayersAll}).Path
		v := verify(t, dir, trusting())
		if found := strings.Join(failures(v), "\n"); v.Reproduced != inspect.Failed || !strings.Contains(found, "the thresholds give block") {
			t.Errorf("%s: %s: %s", name, v.Reproduced, found)
		}
	}
}
