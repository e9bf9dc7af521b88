package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// cluster answers by plural and version.
type cluster map[string]any

func (c cluster) Custom(_ context.Context, kind kube.CustomKind, _ string) ([]kube.Object, error) {
	switch a := c[kind.Plural+"/"+kind.Version].(type) {
	case error:
		return nil, a
	case string:
		raw, err := yaml.YAMLToJSON([]byte(a))
		return []kube.Object{{Kind: kind.Kind, Name: "x", Path: "/apis/" + kind.Plural + "/x", Raw: raw}}, err
	default:
		return nil, fmt.Errorf("listing %s: %w", kind.Plural, kube.ErrNotFound)
	}
}

func TestPoliciesOfTheCluster(t *testing.T) {
	for _, c := range []struct {
		name    string
		cluster cluster
		want    int
		says    string
	}{
		{"none of the kinds", cluster{}, 0, "no image policies"},
		{"the newest version", cluster{"clusterimagepolicies/v1beta1": clusterImageOf("p", keyless)}, 1, ""},
		{"an older one", cluster{"clusterimagepolicies/v1alpha1": clusterImageOf("p", keyless)}, 1, ""},
		{"not permitted", cluster{"clusterimagepolicies/v1beta1": fmt.Errorf("no: %w", kube.ErrForbidden)}, 0, "not permitted to list clusterimagepolicies.policy.sigstore.dev"},
		{"no answer", cluster{"clusterimagepolicies/v1beta1": errors.New("reset by peer")}, 0, "reset by peer"},
		{"not understood", cluster{"clusterimagepolicies/v1beta1": clusterImageOf("p", "")}, 0, "was skipped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l Loaded
			l.Cluster = c.cluster
			var got inspect.Case
			source, err := engine.NewSource(engine.Plan{Opening: []inspect.Event{{Fact: inspect.Expected{SourceURI: "x"}}}, Checks: []engine.Check{Check(&l)}})
			if err != nil {
				t.Fatal(err)
			}
			if err := source(context.Background(), got.Apply); err != nil {
				t.Fatal(err)
			}
			if len(got.Expected.Policies) != c.want || len(got.Trust) != c.want || got.Expected.SourceURI != "x" {
				t.Errorf("expected %+v, trust %+v", got.Expected, got.Trust)
			}
			if n := l.Requirements(inspect.Image{ImageHead: inspect.ImageHead{Reference: "ghcr.io/acme/app:v1"}}); len(n) != c.want {
				t.Errorf("requirements %+v", n)
			}
			if said := fmt.Sprint(got.Notices); !strings.Contains(said, c.says) || c.says == "" && len(got.Notices) > 0 {
				t.Errorf("said %s, want %q", said, c.says)
			}
			if s, _ := got.Check(inspect.CheckPolicies, ""); s.Status == inspect.CheckBlocked {
				t.Errorf("the cluster's policies leave the case open: %+v", s)
			}
		})
	}
}

// A file of the folder that cannot be read is not passed over.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", clusterImageOf("a", keyless))
	write(t, dir, "b.yml", "kind: [")
	write(t, dir, "notes.txt", "kind: [")
	s := &Set{}
	err := s.AddFolder(dir)
	if err == nil || !strings.Contains(err.Error(), "b.yml") || strings.Contains(err.Error(), "notes") || len(s.Names()) != 1 {
		t.Errorf("%v, %v", s.Names(), err)
	}
	if err := s.AddFolder(dir + "/none"); err != nil {
		t.Error(err)
	}
	l := Loaded{Files: s, Problem: err}
	var got inspect.Case
	source, _ := engine.NewSource(engine.Plan{Checks: []engine.Check{Check(&l)}})
	if err := source(context.Background(), got.Apply); err != nil {
		t.Fatal(err)
	}
	if state, _ := got.Check(inspect.CheckPolicies, ""); state.Status != inspect.CheckBlocked || !strings.Contains(state.Reason, "b.yml") {
		t.Errorf("the check is %+v", state)
	}
}
