package verdict_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// Thresholds that a person named decide; those of the default change nothing.
func TestThresholdsDecide(t *testing.T) {
	at := At(time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC))
	header := Event{Fact: Header{Started: at}}
	rules := func(waivers ...Waiver) Event {
		return Event{Fact: Thresholds{Waivers: waivers, Rules: []ThresholdRule{
			{Level: LevelBlock, Name: "all", Vulnerability: &ThresholdVuln{}},
			{Level: LevelBlock, Name: "miners", Finding: &ThresholdFinding{Codes: []string{"miner"}}},
		}}}
	}
	waiver := Waiver{ID: "miner", Owner: "ann", Reason: "known", Until: At(at.AddDate(0, 0, 1))}
	ended := waiver
	ended.Until = at
	finding := func(code string, s Severity) Event {
		return Event{Fact: Finding{ID: code, Code: code, Severity: s, Status: s.RowStatus(), Title: code}}
	}
	vuln := func(l Level) Event {
		return Event{Container: "web", Fact: Vuln{ID: "CVE-1", Package: "xz", Version: "5", Threshold: l, Rule: "all"}}
	}
	data := Event{Container: "web", Fact: VulnData{Compared: 1}}
	end := func(s CheckStatus) Event {
		return Event{Check: "vulnerabilities", Container: "web", Fact: End{Status: s, Reason: "no database"}}
	}
	for name, tt := range map[string]struct {
		events []Event
		want   CaseStatus
	}{
		"a vulnerability that the default blocks": {[]Event{data, vuln(LevelBlock)}, CasePassed},
		"one that named thresholds block":         {[]Event{rules(), data, vuln(LevelBlock)}, CaseFailed},
		"one that they log":                       {[]Event{rules(), data, vuln(LevelLog)}, CasePassed},
		"a finding that they block":               {[]Event{rules(), data, finding("miner", Low)}, CaseFailed},
		"a failed finding that they log":          {[]Event{rules(), data, finding("other", High)}, CaseFailed},
		"a failed finding that is waived":         {[]Event{rules(waiver), data, finding("miner", High)}, CasePassed},
		"and whose waiver has ended":              {[]Event{rules(ended), data, finding("miner", High)}, CaseFailed},
		"no database, and nobody asked":           {[]Event{end(CheckSkipped)}, CasePassed},
		"a broken database, and nobody asked":     {[]Event{end(CheckBlocked)}, CasePassed},
		"no database for named thresholds":        {[]Event{rules(), end(CheckSkipped)}, CaseIncomplete},
		"a broken database for named thresholds":  {[]Event{rules(), end(CheckBlocked)}, CaseIncomplete},
	} {
		c := caseOf(append([]Event{header, image(Verified)}, tt.events...)...)
		if v := verdict.Of(c); v.Status != tt.want {
			t.Errorf("%s: %+v, want %s", name, v, tt.want)
		}
	}
}

func TestEncodeAddsLevels(t *testing.T) {
	finding := Event{Fact: Finding{ID: "1", Code: "miner", Severity: High, Status: RowFailed}}
	named := Event{Fact: Thresholds{Rules: []ThresholdRule{
		{Level: LevelWarn, Name: "r", Finding: &ThresholdFinding{}, Days: 7, From: FromFirstSeen},
	}}}
	started := Event{Fact: Header{Started: At(time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC))}}
	for _, tt := range []struct {
		events []Event
		want   bool
	}{{[]Event{started, finding}, false}, {[]Event{started, named, finding}, true}} {
		c := caseOf(tt.events...)
		b, err := verdict.Encode(*c)
		if err != nil {
			t.Fatal(err)
		}
		level := strings.Contains(string(b), `"threshold": "warn"`) && strings.Contains(string(b),
			`"due": "2026-03-21T00:00:00Z"`)
		if level != tt.want || c.Findings[0].Threshold != "" {
			t.Errorf("the level is there: %v, want %v, in\n%s", level, tt.want, b)
		}
	}
}
