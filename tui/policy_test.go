package tui

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview"
)

func TestPolicyForTheSigner(t *testing.T) {
	o := testProgram()
	var asked inspect.Signature
	written := 0
	o.policy = func(_ context.Context, _ *inspect.Case, _ string, g inspect.Signature) (caseview.PolicyDraft, error) {
		asked = g
		return caseview.PolicyDraft{
			Path: "/home/ada/.config/backtrail/policies/app.yaml",
			Text: "kind: ClusterImagePolicy\nspec:\n  mode: enforce\n", Write: func(context.Context) error {
				written++
				if written > 1 {
					return errors.New("it is there already")
				}
				return nil
			},
		}, nil
	}
	o.open = func(context.Context, inspect.FlaggedPod) (inspect.Source, error) {
		signed := on("signatures", "web", inspect.Event{Fact: inspect.Signature{
			ID: "by-ci", Status: inspect.Unknown, Reason: "no-expectation", Identity: "ci@acme.example",
			Issuer: "https://accounts.example.com",
		}})
		return sourceOf(append([]inspect.Event{signed}, incidentEvents()...)), nil
	}
	s := tell(t, o, 120, 40).press("enter", "3", "e")
	if screen := s.screen(); !strings.Contains(screen, "policies/app.yaml") ||
		!strings.Contains(screen, "  mode: enforce") {
		t.Fatalf("the policy is not shown before it is written:\n%s", screen)
	}
	if written != 0 || !asked.Holds() {
		t.Errorf("written %d times, asked for %+v", written, asked)
	}
	if s.press("enter"); written != 1 || !strings.Contains(s.screen(), "it applies from the next case on") {
		t.Errorf("written %d times:\n%s", written, s.screen())
	}
	if s.press("e", "enter"); !strings.Contains(s.screen(), "it is there already") {
		t.Errorf("a failure is not said:\n%s", s.screen())
	}
	if s.press("esc", "e", "esc"); written != 2 {
		t.Error("esc has written the policy")
	}
}

func TestWhyThereIsNoPolicy(t *testing.T) {
	s := tell(t, testProgram(), 120, 40).press("enter")
	if s.press("e"); !strings.Contains(s.screen(), "needs a verified signature") {
		t.Errorf("the key says nothing:\n%s", s.screen())
	}
}
