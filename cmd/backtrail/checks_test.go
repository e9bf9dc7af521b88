package main

import (
	"slices"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect/answer"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/kube"
)

// The answers name the checks that they wait for by their names: each of them is there, and the plan can be run.
func TestTheAnswersWaitForChecksThatAreThere(t *testing.T) {
	s, err := newSession(&flags{cache: t.TempDir(), offline: true}, streams{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	s.checkpoint = &layer.Checkpoint{}
	cluster, err := kube.ParseSnapshot("x", []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}`))
	if err != nil {
		t.Fatal(err)
	}
	checks := s.checks(subject.Options{Client: s.client, Cluster: cluster, Pod: &corev1.Pod{}, Choice: s.choice})
	if _, err := engine.NewSource(engine.Plan{Checks: checks}); err != nil {
		t.Fatal(err)
	}
	last := checks[len(checks)-1]
	if last.Name != inspect.CheckAnswers || !last.Follows {
		t.Fatalf("the last check is %s", last.Name)
	}
	for _, name := range answer.Needs() {
		if !slices.Contains(last.Needs, name) {
			t.Errorf("the answers need %q, and no check has that name", name)
		}
	}
}
