package report

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// surroundedCase is the incident with what stands around it: who wrote the owners, what ran before, where the bad layer runs
// too, whose gates there are, and answers in sentences.
func surroundedCase() inspect.Case {
	c := incidentCase()
	pod := *c.Pod
	pod.Owner = []inspect.Owner{
		{Kind: "ReplicaSet", Name: "web-7d", Created: began},
		{Kind: "Deployment", Name: "web", Created: began, Managers: []inspect.Manager{{
			Name: "kubectl-set",
			Time: began, Images: []string{"web"},
		}, {Name: "argocd-controller", Time: began}}},
	}
	pod.Revisions = []inspect.Revision{
		{
			Number: 2, Name: "web-7d", Created: began, Current: true, Cause: "hot\x1bfix",
			Images:  map[string]string{"web": "registry.example/shop/web:1"},
			Running: map[string]string{"web": "registry.example/shop/web@" + digestA},
		},
		{Number: 1, Name: "web-6c", Created: began, Images: map[string]string{"web": "registry.example/shop/web:0"}},
	}
	c.Apply(inspect.Event{Check: "cluster", Fact: pod})
	c.Apply(inspect.Event{Check: "sharing", Container: "web", Fact: inspect.Sharing{
		Suspect: []int{1}, Looked: 7,
		Unread: 2, Left: 1, Others: []inspect.SharedImage{
			{
				Reference: "registry.example/shop/job:3", Digest: digestB, Layers: []int{1}, Prefix: 2, Total: 3,
				Pods: []string{"shop/job-1", "shop/job-2"},
			},
		},
	}})
	c.Apply(inspect.Event{Check: "signatures", Container: "web", Fact: inspect.Gate{
		Name: "policy signed", Status: inspect.GateRefused, Detail: "asked: key k", By: inspect.Kyverno,
		Mode: inspect.ModeEnforce, FailsOpen: true, Since: began, Changed: began,
	}})
	c.Apply(inspect.Event{Check: "answers", Fact: inspect.Answer{
		Question: inspect.HowIn, Status: inspect.AnswerOpen,
		Text: "the text", Waiting: []string{"layers"}, Sentences: []inspect.Sentence{
			{Text: "in web: it added by the image's own build", Basis: inspect.Derived},
			{
				Text: "Deployment web is of Helm release shop", Basis: inspect.Claimed, By: "its labels",
				Run: "backtrail inspect pod/web-7d9f -n shop --helm",
			},
		},
	}})
	return c
}

func TestReportsShowWhatStandsAround(t *testing.T) {
	for name, draw := range map[string]func(w io.Writer, c inspect.Case) error{
		"plain":    func(w io.Writer, c inspect.Case) error { return Plain(w, c, Style{}) },
		"markdown": func(w io.Writer, c inspect.Case) error { return Markdown(w, c) },
		"html":     func(w io.Writer, c inspect.Case) error { return HTML(w, c) },
	} {
		var b bytes.Buffer
		if err := draw(&b, surroundedCase()); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(b.String()), " ")
		for _, want := range []string{
			"kubectl-set", "argocd-controller", "web-6c", "shop/job-1, shop/job-2",
			"7 other images that run here were compared; 2 could not be read; 1 were not queried",
			"still checking: layers", "(claimed by its labels).", "backtrail inspect pod/web-7d9f -n shop --helm",
			"of Kyverno", "admits requests unchecked while it does not answer",
		} {
			if !strings.Contains(text, want) && !strings.Contains(text, strings.ReplaceAll(want, "/", "&#x2F;")) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s draws on the screen", name)
		}
	}
}

func TestTheBriefSaysWhereElse(t *testing.T) {
	brief := Brief(surroundedCase(), Style{})
	if !strings.Contains(brief, "same layer runs in shop/job-1, shop/job-2") {
		t.Errorf("no line says where else:\n%s", brief)
	}
	if !strings.Contains(strings.Join(strings.Fields(brief), " "), "still checking: layers") {
		t.Errorf("it does not say what it waits for:\n%s", brief)
	}
	if n := strings.Count(brief, "\n"); n > BriefLines {
		t.Errorf("%d lines", n)
	}
}
