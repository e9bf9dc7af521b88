package answer_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/answer"
)

// While checks run, an answer is open, says what it waits for, and what is known already; nothing that may still change.
func TestAnswersWhileChecksRun(t *testing.T) {
	layers, signatures := inspect.Key{Check: "layers", Container: "web"}, inspect.Key{
		Check:     "signatures",
		Container: "web",
	}
	atRunTime := incident()
	atRunTime.Alerts = []inspect.Alert{alertOf("/tmp/x", inspect.OriginRuntime)}
	tests := map[string]struct {
		c        inspect.Case
		waiting  []inspect.Key
		question string
		status   inspect.AnswerStatus
		text     string // begins with
		without  string
	}{
		"layers": {
			incident(),
			[]inspect.Key{layers},
			inspect.HowIn, inspect.AnswerOpen,
			"still checking: layers.", "own build",
		},
		"known so far": {
			atRunTime,
			[]inspect.Key{layers},
			inspect.WhereFrom, inspect.AnswerOpen,
			"still checking: layers. /tmp/x, which the alert names, was written at run time", "provenance",
		},
		"its own are done": {
			incident(),
			[]inspect.Key{layers},
			inspect.WhyMissed, inspect.AnswerOpen,
			"whether it is signed is not known", "still",
		},
		"in their order": {
			incident(),
			[]inspect.Key{signatures, layers},
			inspect.WhereFrom, inspect.AnswerOpen,
			"still checking: signatures, layers.", "",
		},
		"nothing yet": {
			caseWith(web()),
			[]inspect.Key{signatures},
			inspect.WhereFrom, inspect.AnswerOpen,
			"still checking: signatures", "nothing to explain",
		},
		"all done": {
			incident(), nil, inspect.WhereFrom, inspect.AnswerPartial,
			"/var/tmp/.font/x, which the alert names", "still",
		},
	}
	for name, tt := range tests {
		for _, a := range answer.Answers(tt.c, tt.waiting) {
			if a.Question != tt.question {
				continue
			}
			if a.Status != tt.status || !strings.HasPrefix(a.Text, tt.text) || tt.without != "" &&
				strings.Contains(a.Text, tt.without) {
				t.Errorf("%s: %s %q", name, a.Status, a.Text)
			}
			if (len(a.Waiting) > 0) != strings.HasPrefix(a.Text, answer.StillChecking) {
				t.Errorf("%s: it waits for %v and says %q", name, a.Waiting, a.Text)
			}
		}
	}
}

// A check that could not look is said in the answer that needs it, with the reason.
func TestChecksThatCouldNotLook(t *testing.T) {
	c := incident()
	c.Checks = []inspect.CheckState{
		{Name: "layers", Container: "web", Status: inspect.CheckBlocked, Reason: "interrupted: context canceled"},
		{Name: "signatures", Container: "web", Status: inspect.CheckBlocked, Reason: "no route to host"},
		{Name: "packages", Container: "web", Status: inspect.CheckBlocked, Reason: inspect.Running},
	}
	if got := text(c, inspect.WhereFrom); !strings.Contains(got,
		"not all could be looked at: layers of web: interrupted: context canceled (not known).") {
		t.Error(got)
	}
	if got := text(c, inspect.WhyMissed); !strings.Contains(got, "signatures of web: no route to host (not known).") ||
		strings.Contains(got, "layers of web") {
		t.Error(got)
	}
}

// Where nobody could look, nobody knows that there is nothing to explain.
func TestCalmOnlyWhereAllWasRead(t *testing.T) {
	c := caseWith(web())
	if got := text(c, inspect.HowIn); got != "nothing to explain: no alert, and no finding that failed" {
		t.Error(got)
	}
	c.Checks = []inspect.CheckState{{
		Name: "binaries", Container: "web", Status: inspect.CheckBlocked,
		Reason: "no space left.",
	}}
	if got := text(c,
		inspect.HowIn); got != "we do not know whether there is anything to explain: binaries of web could not be checked: no space left" {
		t.Error(got)
	}
}

// A case that was interrupted says what was not read, and why.
func TestCalmOfAnInterruptedCase(t *testing.T) {
	i := web()
	i.Container, i.Status, i.Reason = "web", inspect.Unknown, inspect.Running
	c := caseWith(i)
	if got := text(c,
		inspect.HowIn); got != "we do not know whether there is anything to explain: the image of web could not be read as a whole: its layers were not read to their end" {
		t.Error(got)
	}
	c.Checks = []inspect.CheckState{{
		Name: "layers", Container: "web", Status: inspect.CheckBlocked,
		Reason: "interrupted: context canceled",
	}}
	if got := text(c, inspect.HowIn); !strings.HasSuffix(got, "as a whole: interrupted: context canceled") {
		t.Error(got)
	}
}

// Answers are said again only where they changed, each with its sentences and what they rest on.
func TestTheCheckSaysWhatChanged(t *testing.T) {
	finds := engine.Check{Name: "binaries", Scope: engine.PerCase, Run: func(_ context.Context, _ engine.On,
		emit func(inspect.Event),
	) error {
		i, f := dropped(1)
		emit(inspect.Event{Container: "web", Fact: i.Binaries[0]})
		emit(inspect.Event{Fact: f})
		return nil
	}}
	idle := engine.Check{Name: "idle", Scope: engine.PerCase, Needs: []string{"binaries"}, Run: func(context.Context,
		engine.On, func(inspect.Event),
	) error {
		return nil
	}}
	i := web()
	run, err := engine.NewSource(engine.Plan{
		Opening: []inspect.Event{{Container: "web", Fact: i.ImageHead}},
		Checks:  []engine.Check{finds, idle, answer.Check("binaries", "idle")},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := inspect.Case{}
	var said []string
	err = run(t.Context(), func(e inspect.Event) {
		c.Apply(e)
		if a, ok := e.Fact.(inspect.Answer); ok {
			said = append(said, a.Question+": "+a.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(said)))) != len(said) {
		t.Errorf("said twice: %q", said)
	}
	a := c.Answers[0]
	if a.Status != inspect.AnswerPartial || len(a.Sentences) == 0 || a.Sentences[0].Basis != inspect.Seen ||
		!slices.Equal(a.Sentences[0].Findings, []string{"f1"}) || len(a.Waiting) != 0 {
		t.Errorf("%+v", a)
	}
}
