package tui

import (
	"context"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// surrounded opens the incident with what stands around it.
func surrounded(t *testing.T) *story {
	t.Helper()
	o := testProgram()
	o.open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
		pod := incidentPod()
		pod.Owner[1].UID, pod.Owner[1].Created = "uid-web", at(-9000)
		pod.Owner[1].Managers = []inspect.Manager{
			{Name: "kubectl-set", Time: at(-60), Images: []string{"web"}},
			{Name: "argocd-controller", Time: at(-9000)},
		}
		pod.Revisions = []inspect.Revision{{
			Number: 4, Name: "web-6d4cf56db6", Created: at(-60), Current: true,
			Cause: "hotfix", Images: map[string]string{"web": "docker.io/acme/web:2"},
		}}
		events := append(incidentEvents(),
			on("cluster", "", inspect.Event{Fact: pod}),
			on("sharing", "web", inspect.Event{Fact: inspect.Sharing{
				Suspect: []int{2}, Looked: 9, Left: 1,
				Others: []inspect.SharedImage{
					{
						Reference: "docker.io/acme/job:3", Layers: []int{2}, Prefix: 2, Total: 4,
						Pods: []string{"shop/job-1"},
					},
				},
			}}),
			on("signatures", "web", inspect.Event{Fact: inspect.Gate{
				Name: "policy late",
				Kind: inspect.GateKindImagePolicy, Status: inspect.GateRefused,
				Detail: "asked: key k", By: inspect.Kyverno, FailsOpen: true, Since: at(-60), Changed: at(-30),
			}}),
			on("answers", "", inspect.Event{Fact: inspect.Answer{
				Question: inspect.HowIn, Status: inspect.AnswerOpen,
				Text: "still", Waiting: []string{"layers"}, Sentences: []inspect.Sentence{
					{Text: "it came in with the base image", Basis: inspect.Derived},
					{
						Text: "it is of release shop", Basis: inspect.Claimed, By: "its labels",
						Run: "helm get manifest shop",
					},
				},
			}}),
		)
		return sourceOf(events), nil
	}
	return tell(t, o, 160, 50).press("enter")
}

func TestAnAnswerSentenceBySentence(t *testing.T) {
	surrounded(t).press("/").write("how").press("enter").sees(
		"Still checking: layers. So far:", "• it came in with the base image (derived)",
		"? it is of release shop (claimed by its labels)", "find out with: helm get manifest shop",
	)
}

func TestWhoWroteTheOwners(t *testing.T) {
	s := surrounded(t).press("8", "/").write("Deployment").press("enter")
	s.sees("owner        Deployment web, last written by kubectl-set", "kubectl-set 20", "set the image of web",
		"argocd-controller", "A field manager names itself")
	s.press("esc", "/").write("revision").press("enter").sees("Revision 4", "hotfix (free text, unauthenticated)",
		"docker.io/acme/web:2")
	s.press("esc", "/").write("same layer").press("enter").sees("shop/job-1", "a layer that brought what is wrong")
}

func TestWhereALayerIsToo(t *testing.T) {
	surrounded(t).press("2", "/").write("cache").press("enter").sees("also in", "acme/job:3, 1 pod: shop/job-1",
		"9 other images compared by manifest, 1 not compared")
}

func TestWhoseGateItIs(t *testing.T) {
	surrounded(t).press("3", "/").write("policy late").press("enter").sees("system      Kyverno",
		"Fails open: while it does not answer", "set up", "changed")
}
