package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// The brief says what is due next, as of the time that it is drawn at.
func TestClocksInTheBriefAndTheReport(t *testing.T) {
	c := incidentCase()
	c.Clocks = []inspect.Clock{
		{Regime: inspect.NIS2, Aware: began, Started: began, Author: "ada", Reason: "told"},
		{
			Regime: inspect.DORA, Aware: began, Started: began, Author: "ada", Reason: "slip",
			Withdrawn: &inspect.Withdrawal{Time: began, Author: "bob", Reason: "no bank"},
		},
	}
	brief := Brief(c, Style{})
	if !strings.Contains(brief, "due    NIS2 early warning 2026-11-24T03:12:04Z, 23 h 59 min left") ||
		strings.Contains(brief, "DORA") {
		t.Errorf("as of the case:\n%s", brief)
	}
	if lines := strings.Split(strings.TrimSpace(brief), "\n"); len(lines) > BriefLines ||
		!strings.HasPrefix(lines[len(lines)-1], "due") {
		t.Errorf("%d lines:\n%s", len(lines), brief)
	}
	later := Style{Now: began.AddDate(0, 0, 4)}
	if brief := Brief(c, later); !strings.Contains(brief,
		"due    NIS2 final report 2026-12-26T03:12:04Z, 29 d 0 h left") {
		t.Errorf("later:\n%s", brief)
	}
	d := documentOf(c, Bag{}, later)
	at := slices.IndexFunc(d.sections, func(s section) bool { return s.title == "Deadlines (UTC)" })
	first, second := d.sections[at].blocks[0].item, d.sections[at].blocks[1].item
	all := strings.Join(append(first.lines, second.lines...), "\n")
	for _, want := range []string{
		"it binds essential and important entities", "by ada: told",
		"early warning: 2026-11-24T03:12:04Z, over by 3 d 0 h", "withdrawn 2026-11-23T03:12:04Z by bob: no bank",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("it does not say %q:\n%s", want, all)
		}
	}
}

// A pod that went while the case was open is called gone in the brief, and its run-time state is no longer promised.
func TestAPodThatIsGoneInTheBrief(t *testing.T) {
	c := incidentCase()
	c.Changes = []inspect.PodChange{{Time: began, State: inspect.PodGone, What: []string{"it was deleted"}}}
	if brief := Brief(c, Style{}); !strings.Contains(brief, "GONE") {
		t.Errorf("no GONE in the brief:\n%s", brief)
	}
}

// Where there is no room, what was collected goes before the other pods with the layer: they may run the same now.
func TestOtherPodsOutrankWhatWasCollected(t *testing.T) {
	lines := []briefLine{{"pod", "web", 0, ""}, {"also", "1 more with this layer", 2, ""}, {
		"", "Evidence collected",
		3, "",
	}}
	for range BriefLines - 2 {
		lines = append(lines, briefLine{"WHAT", "x", 1, ""})
	}
	if got := layBrief(lines); !strings.Contains(got, "1 more with this layer") || strings.Contains(got, "Evidence") {
		t.Errorf("the brief keeps\n%s", got)
	}
}
