package inspect_test

import (
	"strings"
	"testing"

	. "github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// caseOf folds events, ended.
func caseOf(events ...Event) *Case {
	c := &Case{}
	for _, e := range append(events, Event{Fact: End{Status: CheckDone}}) {
		c.Apply(e)
	}
	return c
}

func image(status Status) Event {
	return Event{Container: "web", Fact: ImageHead{Reference: "r", Status: status}}
}

func TestListsAreNeverNull(t *testing.T) {
	c := caseOf(image(Verified), Event{Fact: Pod{Name: "web"}}, Event{Container: "web", Fact: Diff{Packages: &PackageDiff{}}},
		Event{Fact: Finding{ID: "1"}})
	b, err := verdict.Encode(*c)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if strings.TrimSuffix(value, ",") == "null" {
			switch name {
			case `"started"`, `"finished"`, `"created"`, `"knownGood"`, `"files"`, `"layers"`, `"sharing"`,
				`"cluster"`: // times, and objects
			default:
				t.Errorf("%s is null", name)
			}
		}
	}
}

func TestAnswersThatNobodyGaveSayWhatTheyWaitFor(t *testing.T) {
	c := &Case{}
	c.Apply(Event{Check: "layers", Container: "web", Fact: Begin{}})
	c.Apply(Event{Check: "answers", Fact: Begin{}})
	for _, a := range c.AllAnswers() {
		if a.Status != AnswerOpen || a.Text != "still checking: layers" {
			t.Errorf("%s: %s %q", a.Question, a.Status, a.Text)
		}
	}
}

func TestDiffPartsComeFromSeveralChecks(t *testing.T) {
	c := caseOf(
		Event{Container: "web", Fact: Diff{KnownGood: &KnownGood{Digest: "sha256:a"}}},
		Event{Container: "web", Fact: Diff{Layers: &LayerDiff{Shared: 2}}},
		Event{Container: "web", Fact: Diff{Signers: []string{"unsigned now"}}})
	i, _ := c.Image("web")
	if i.Diff.KnownGood.Digest != "sha256:a" || i.Diff.Layers.Shared != 2 || len(i.Diff.Signers) != 1 {
		t.Errorf("got %+v", i.Diff)
	}
}
