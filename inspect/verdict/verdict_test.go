package verdict_test

import (
	"encoding/json"
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

func TestTheOutcomeOfACase(t *testing.T) {
	signer := Event{Fact: Expected{Identities: []string{"me@example.com"}}}
	gate := func(name string, s GateStatus) Event {
		return Event{Container: "web", Fact: Gate{Name: name, Status: s}}
	}
	finding := func(s Severity) Event {
		return Event{Fact: Finding{ID: string(s), Severity: s, Status: s.RowStatus()}}
	}
	alert := func(match, origin string) Event {
		return Event{Fact: Alert{ID: "a", Match: match, File: AlertFile{Origin: origin}}}
	}
	tests := map[string]struct {
		events []Event
		want   CaseStatus
	}{
		"all holds":               {[]Event{image(Verified)}, CasePassed},
		"bytes do not hold":       {[]Event{image(Failed)}, CaseFailed},
		"bytes could not be read": {[]Event{image(Unknown)}, CaseIncomplete},
		"a high finding":          {[]Event{image(Verified), finding(High)}, CaseFailed},
		"a medium finding":        {[]Event{image(Verified), finding(Medium)}, CasePassed},
		"unsigned, nobody asked":  {[]Event{image(Verified), gate("signature", GateAbsent)}, CasePassed},
		"no expectation":          {[]Event{image(Verified), gate("signature", GateUnknown)}, CasePassed},
		"expected and could not be checked": {
			[]Event{image(Verified), signer, gate("signature", GateUnknown)},
			CaseIncomplete,
		},
		"expected and not there": {
			[]Event{image(Verified), signer, gate("signature", GateAbsent)},
			CaseFailed,
		},
		"expected and failed": {
			[]Event{image(Verified), signer, gate("signature", GateRefused)},
			CaseFailed,
		},
		"failed is stronger than unknown":      {[]Event{image(Unknown), finding(Critical)}, CaseFailed},
		"alert on the image's own file":        {[]Event{image(Verified), alert("pod", "image")}, CasePassed},
		"alert on a file written at run time":  {[]Event{image(Verified), alert("pod", "runtime")}, CaseIncomplete},
		"alert that belongs to something else": {[]Event{image(Verified), alert("none", "runtime")}, CasePassed},
		"a check that could not look": {[]Event{image(Verified), {
			Check: "layers",
			Fact:  End{Status: CheckBlocked, Reason: "no"},
		}}, CaseIncomplete},
	}
	for name, tt := range tests {
		c := caseOf(tt.events...)
		if v := verdict.Of(c); v.Status != tt.want || (len(v.Reasons) == 0) != (tt.want == CasePassed) {
			t.Errorf("%s: %+v, want %s", name, v, tt.want)
		}
	}
}

// A policy of the cluster that cannot be checked leaves the case as it is; one that a person named does not.
func TestAPolicyThatCannotBeChecked(t *testing.T) {
	for asked, want := range map[bool]CaseStatus{false: CasePassed, true: CaseIncomplete} {
		gate := Gate{Name: GatePolicy + "p", Kind: GateKindImagePolicy, Status: GateUnknown, Asked: asked}
		if v := verdict.Of(caseOf(image(Verified), Event{Container: "web", Fact: gate})); v.Status != want {
			t.Errorf("asked %v: %+v, want %s", asked, v, want)
		}
	}
}

func TestAPolicyThatIsNotMetFailsTheCase(t *testing.T) {
	gate := Gate{
		Name: GatePolicy + "p", Kind: GateKindImagePolicy, Status: GateRefused,
		Detail: "signed by mallory (mode warn)",
	}
	v := verdict.Of(caseOf(image(Verified), Event{Container: "web", Fact: gate}))
	if v.Status != CaseFailed || !strings.Contains(v.Reasons[0], "policy p") || !strings.Contains(v.Reasons[0],
		"mode warn") {
		t.Errorf("the case is %+v", v)
	}
}

func TestWords(t *testing.T) {
	finding := func(id string, s Severity) Event {
		return Event{Container: "web", Fact: Finding{ID: id, Severity: s, Status: s.RowStatus(), Title: "T"}}
	}
	for want, events := range map[string][]Event{
		"no problems found": {image(Verified), finding("1", Medium)},
		"problems found: 1 critical, 2 high": {
			image(Verified), finding("1", High), finding("2", Critical),
			finding("3", High),
		},
		"problems found": {
			{Container: "web", Fact: ImageHead{Status: Failed, Detail: "short"}},
		},
		"incomplete": {
			image(Verified), {Check: "layers", Container: "web", Fact: End{
				Status: CheckBlocked,
				Reason: "the registry did not answer",
			}},
		},
	} {
		c := caseOf(events...)
		if got := verdict.Of(c).Words(c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEncodeAddsWhatFollows(t *testing.T) {
	b, err := verdict.Encode(*caseOf(Event{Fact: Header{Schema: Schema}}, image(Verified)))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema, Status string
		Complete       bool
		Answers        []struct{ Question, Status string }
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != Schema || got.Status != "passed" || !got.Complete || len(got.Answers) != 3 ||
		got.Answers[0].Status != "open" {
		t.Errorf("got %+v of\n%s", got, b)
	}
	for _, name := range []string{`"schema"`, `"status"`, `"images"`} {
		if strings.Count(string(b), "\n  "+name) != 1 {
			t.Errorf("%s stands %d times", name, strings.Count(string(b), "\n  "+name))
		}
	}
}
