package respond

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

var began = inspect.At(time.Date(2026, 11, 23, 3, 12, 4, 0, time.UTC))

// incident is a pod with problems, of a Deployment, that an alert names.
func incident() inspect.Case {
	var c inspect.Case
	for n, f := range []inspect.Fact{
		inspect.Header{Schema: inspect.Schema, Started: began, Target: inspect.Target{
			Kind: inspect.TargetPod,
			Name: "pod/web-7d9f", Namespace: "shop", Context: "prod",
		}},
		inspect.Pod{
			Name: "web-7d9f", Namespace: "shop", Node: "node-3", Created: began,
			Owner: []inspect.Owner{{Kind: "ReplicaSet", Name: "web-7d"}, {Kind: "Deployment", Name: "web"}},
			Containers: []inspect.Container{{
				Name: "web", Type: inspect.ContainerMain,
				Reference: "registry.example/shop/web:1", Started: began, State: "running",
			}},
		},
		inspect.ImageHead{Container: "web", Reference: "registry.example/shop/web:1", Status: inspect.Verified},
		inspect.Alert{
			ID: "a1", Rule: "Drop and execute new binary in container", Priority: "Critical", Time: began,
			Match: inspect.MatchContainer, Subject: "web",
		},
		inspect.Finding{
			ID: "f1", Check: "binaries", Code: "unexpected-binary", Status: inspect.RowFailed,
			Severity: inspect.Critical, Subject: "web:/var/tmp/.font/x", Title: "a program in a hidden directory ran",
		},
		inspect.End{Status: inspect.CheckDone},
	} {
		e := inspect.Event{Container: "web", Fact: f}.Stamped(began)
		e.Seq = uint64(n + 1)
		c.Apply(e)
	}
	return c
}

// alarmed is the case of a flagged pod, changed by a test.
func alarmed(change func(c *inspect.Case)) inspect.Case {
	c := incident()
	c.Pod.Selectors = []inspect.Selector{{Kind: "ReplicaSet", Name: "web-7d", Keys: []string{
		"app",
		"pod-template-hash",
	}}, {Kind: "Service", Name: "web", Keys: []string{"app"}}}
	c.Pod.Runtime, c.Pod.Kubelet = "containerd://2.1.0", "v1.33.1"
	c.Pod.Revisions = []inspect.Revision{
		{Number: 3, Name: "web-5c"},
		{Number: 4, Name: "web-7d", Current: true},
		{Number: 5, Name: "web-9f"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

// stepWith is the step whose command or words hold a text.
func stepWith(t *testing.T, c inspect.Case, text string) NextStep {
	t.Helper()
	all := Next(c)
	at := slices.IndexFunc(all, func(s NextStep) bool { return strings.Contains(s.Command+s.Why, text) })
	if at < 0 {
		t.Fatalf("no step has %q: %+v", text, all)
	}
	return all[at]
}

// The order is that in which least is lost: hold, relabel, cut off, copy, cordon; nothing that destroys.
func TestTheOrderOfContaining(t *testing.T) {
	var order []string
	for _, s := range Next(alarmed(nil)) {
		for _, verb := range []string{
			" annotate ", " logs ", " label ", " apply ", " create --raw ",
			" --checkpoint ", " cordon ", "backtrail runtime ",
		} {
			if strings.Contains(s.Command, verb) {
				order = append(order, strings.TrimSpace(verb))
			}
		}
	}
	if got := strings.Join(order,
		", "); got != "annotate, logs, label, apply, create --raw, --checkpoint, cordon, backtrail runtime" {
		t.Error(got)
	}
}

// The labels that are taken away are the fewest by which everything lets go.
func TestRelabel(t *testing.T) {
	for name, tt := range map[string]struct {
		selectors []inspect.Selector
		owner     string
		command   string // behind the pod's name
		says      []string
	}{
		"one label for all": {
			alarmed(nil).Pod.Selectors, "ReplicaSet", "app- --overwrite backtrail.dev/quarantine=true",
			[]string{
				"by which ReplicaSet web-7d, Service web selects the pod",
				"its ReplicaSet starts a replacement from the same image",
			},
		},
		"two that share none": {
			[]inspect.Selector{{Kind: "ReplicaSet", Name: "web-7d", Keys: []string{"app"}}, {
				Kind: "Service",
				Name: "blue", Keys: []string{"slot"},
			}},
			"ReplicaSet",
			"app- slot- --overwrite backtrail.dev/quarantine=true", nil,
		},
		"one that keeps the policy": {
			[]inspect.Selector{
				{Kind: "ReplicaSet", Name: "web-7d", Keys: []string{"app", "pod-template-hash"}},
				{Kind: "NetworkPolicy", Name: "in", Keys: []string{"app"}},
			},
			"ReplicaSet",
			"pod-template-hash- --overwrite backtrail.dev/quarantine=true", nil,
		},
		"a policy lets go too": {
			append(alarmed(nil).Pod.Selectors, inspect.Selector{
				Kind: "NetworkPolicy", Name: "in",
				Keys: []string{"app"},
			}), "ReplicaSet",
			"app- --overwrite backtrail.dev/quarantine=true",
			[]string{"it also leaves NetworkPolicy in, so make the policy of the next step first"},
		},
		"whatever its labels": {
			[]inspect.Selector{{Kind: "DaemonSet", Name: "log", Keys: []string{"app"}}, {Kind: "Service", Name: "all"}},
			"DaemonSet",
			"app- --overwrite backtrail.dev/quarantine=true",
			[]string{"Service all cannot be left this way", "starts a replacement on this node"},
		},
		"a stateful set": {
			[]inspect.Selector{{Kind: "StatefulSet", Name: "db", Keys: []string{"app"}}},
			"StatefulSet", "app- --overwrite backtrail.dev/quarantine=true",
			[]string{"can make no other of this name"},
		},
		"a bare pod": {
			nil, "", "--overwrite backtrail.dev/quarantine=true",
			[]string{"nothing that could be read picks it"},
		},
		"not read": {
			nil, "ReplicaSet", "--overwrite backtrail.dev/quarantine=true",
			[]string{"by which labels its ReplicaSet picks it is not known"},
		},
		"hostile": {
			[]inspect.Selector{{Kind: "Service", Name: "x", Keys: []string{"a b/$(x)"}}},
			"",
			"'a b/$(x)-' --overwrite backtrail.dev/quarantine=true", nil,
		},
	} {
		c := alarmed(func(c *inspect.Case) {
			c.Pod.Selectors, c.Pod.Owner = tt.selectors, nil
			if tt.owner != "" {
				c.Pod.Owner = []inspect.Owner{{Kind: tt.owner, Name: "web-7d"}}
			}
		})
		s := stepWith(t, c, " label pod ")
		if want := "kubectl --context prod -n shop label pod web-7d9f " + tt.command; s.Command != want {
			t.Errorf("%s: %s, want %s", name, s.Command, want)
		}
		for _, want := range tt.says {
			if !strings.Contains(s.Why, want) {
				t.Errorf("%s: it does not say %q: %s", name, want, s.Why)
			}
		}
	}
}

func TestIsolate(t *testing.T) {
	s := stepWith(t, alarmed(func(c *inspect.Case) {
		c.Pod.Selectors = append(c.Pod.Selectors, inspect.Selector{Kind: "NetworkPolicy", Name: "dns", Keys: nil},
			inspect.Selector{Kind: "NetworkPolicy", Name: "in", Keys: []string{"app"}})
	}), " apply -f -")
	if !strings.Contains(s.Why, "where the CNI enforces it") || !strings.Contains(s.Why,
		"what these allow stays allowed: NetworkPolicy dns") || strings.Contains(s.Why, "NetworkPolicy in") {
		t.Error(s.Why)
	}
	s = stepWith(t, alarmed(func(c *inspect.Case) { c.Pod.Reach.Privileges = []inspect.Privilege{{Kind: inspect.HostNetwork}} }), "network of its node")
	if s.Command != "" {
		t.Errorf("a policy about a pod of the host's network: %s", s.Command)
	}
}

// Whether the node can copy run-time state, by its runtime and kubelet; what is no copy is called none.
func TestCheckpoints(t *testing.T) {
	for _, tt := range []struct {
		runtime, kubelet string
		can              inspect.Status
		says             string
	}{
		{"containerd://2.0.0", "v1.33.1", inspect.Verified, "containerd 2.0.0"},
		{"containerd://2.1.0-rc.1", "v1.29.4-gke.1", inspect.Verified, "feature gate ContainerCheckpoint"},
		{"containerd://1.7.27", "v1.33.1", inspect.Absent, "containerd 1.7.27, and 2.0 is needed"},
		{"cri-o://1.25.1", "v1.30.0", inspect.Verified, "cri-o 1.25.1"},
		{"cri-o://1.24.6", "v1.30.0", inspect.Absent, "1.25 is needed"},
		{"docker://24.0.7", "v1.30.0", inspect.Absent, "docker 24.0.7 cannot"},
		{"containerd://dev", "v1.30.0", inspect.Unknown, "is not known"},
		{"", "", inspect.Unknown, "is not known"},
	} {
		if can, why := checkpoints(tt.runtime, tt.kubelet); can != tt.can || !strings.Contains(why, tt.says) {
			t.Errorf("%s, %s: %s %q", tt.runtime, tt.kubelet, can, why)
		}
	}
	s := stepWith(t, alarmed(nil), "create --raw")
	if s.Command != "kubectl --context prod create --raw /api/v1/nodes/node-3/proxy/checkpoint/shop/web-7d9f/web "+
		"-f /dev/null" {
		t.Error(s.Command)
	}
	s = stepWith(t, alarmed(func(c *inspect.Case) { c.Pod.Runtime = "docker://24.0.7" }), "copy the run-time state")
	if s.Command != "" || !strings.Contains(s.Why,
		"kubectl debug --copy-to starts another pod from the image, and is no copy of the state") {
		t.Errorf("%+v", s)
	}
}

// What would destroy run-time state is shown once a person has said what became of it, and no sooner.
func TestMending(t *testing.T) {
	mark := func(mark string) func(c *inspect.Case) {
		return func(c *inspect.Case) {
			c.Notes = append(c.Notes, inspect.Note{
				Time: c.Finished, Author: "ada", Subject: inspect.SubjectRuntime,
				Mark: mark,
			})
		}
	}
	destroys := func(c inspect.Case) []string {
		var all []string
		for _, s := range Next(c) {
			for _, verb := range []string{" delete ", " drain ", " rollout ", " scale ", " exec "} {
				if strings.Contains(s.Command, verb) {
					all = append(all, s.Command)
				}
			}
		}
		return all
	}
	for name, c := range map[string]inspect.Case{
		"not marked": alarmed(nil),
		"taken back": alarmed(func(c *inspect.Case) { mark(inspect.RuntimeSaved)(c); mark(inspect.RuntimeOpen)(c) }),
	} {
		if got := destroys(c); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
	want := []string{
		"kubectl --context prod -n shop rollout undo deployment/web --to-revision=3",
		"kubectl --context prod -n shop delete pod web-7d9f",
	}
	for _, said := range []string{inspect.RuntimeSaved, inspect.RuntimeGivenUp} {
		if got := destroys(alarmed(mark(said))); !slices.Equal(got, want) {
			t.Errorf("%s: %q", said, got)
		}
	}
	got := destroys(alarmed(func(c *inspect.Case) {
		mark(inspect.RuntimeSaved)(c)
		c.Pod.Revisions, c.Pod.Reach.Privileges = nil, []inspect.Privilege{{Kind: inspect.Privileged, Container: "web"}}
	}))
	want = []string{
		"kubectl --context prod -n shop rollout restart deployment/web", want[1],
		"kubectl --context prod drain node-3 --ignore-daemonsets --delete-emptydir-data",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestAPodThatIsGone(t *testing.T) {
	c := alarmed(func(c *inspect.Case) {
		c.Changes = []inspect.PodChange{{Time: began, State: inspect.PodGone, What: []string{"it was deleted"}}}
	})
	if first := Next(c)[0]; first.Command != "" || !strings.Contains(first.Why,
		"the pod is gone since 2026-11-23T03:12:04Z") {
		t.Errorf("%+v", first)
	}
	for _, s := range Next(c) {
		if strings.Contains(s.Command, "kubectl") {
			t.Errorf("about a pod that is gone: %s", s.Command)
		}
	}
}
