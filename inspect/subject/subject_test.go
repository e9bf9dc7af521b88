package subject_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/subject"
)

func TestTheThreeFormsOfAnImageID(t *testing.T) {
	w := newWorld(t)
	digest, config := w.push("app:1", "linux/amd64")
	index, manifests := w.pushIndex("multi:1", "linux/amd64", "linux/arm64")
	repo, multi := w.host+"/app", w.host+"/multi"

	tests := map[string]struct {
		image, imageID        string
		index, digest, config string
		status                inspect.Status
		detail                string
	}{
		"a manifest": {repo + ":1", repo + "@" + digest, "", digest, config, inspect.Unknown, ""},
		"an old node's form": {
			repo + ":1", "docker-pullable://" + repo + "@" + digest, "", digest, config, inspect.Unknown, "",
		},
		"only the config": {repo + ":1", config, "", digest, config, inspect.Unknown, ""},
		"an index": {
			multi + ":1", multi + "@" + index, index, manifests[0], "", inspect.Unknown, "",
		},
		"a manifest whose tag is an index": {
			multi + ":1", multi + "@" + manifests[0], index, manifests[0], "", inspect.Unknown, "",
		},
		"not pulled yet": {repo + ":1", "", "", "", "", inspect.Unknown, "has not reported"},
		"not pulled yet, by digest": {
			repo + "@" + digest, "", "", digest, config, inspect.Unknown, "has not reported",
		},
		"another repository in the ID": {
			w.host + "/elsewhere:1", repo + "@" + digest, "", digest, config, inspect.Unknown, "",
		},
		"a config that the tag left": {
			repo + ":1", "sha256:" + strings.Repeat("b", 64), "", "", "sha256:" + strings.Repeat("b", 64),
			inspect.Unknown, "names no manifest",
		},
		"gone from the registry": {
			repo + ":1", repo + "@sha256:" + strings.Repeat("c", 64), "", "sha256:" + strings.Repeat("c", 64), "",
			inspect.Unknown, "missing",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := w.run(w.cluster(pod(tt.image, tt.imageID), node("amd64")), subject.Options{})
			i, ok := c.Image("app")
			if !ok {
				t.Fatal("there is no image")
			}
			if i.Index != tt.index || i.Digest != tt.digest || tt.config != "" && i.Config != tt.config ||
				i.Status != tt.status {
				t.Errorf(
					"index %s\ndigest %s\nconfig %s\nstatus %s %s %s",
					i.Index,
					i.Digest,
					i.Config,
					i.Status,
					i.Reason,
					i.Detail,
				)
			}
			if tt.detail == "missing" {
				if i.Reason != "missing-blob" {
					t.Errorf("reason %q, %s", i.Reason, i.Detail)
				}
			} else if !strings.Contains(i.Detail, tt.detail) {
				t.Errorf("detail %q, want %q", i.Detail, tt.detail)
			}
		})
	}
}

func TestTheNodeSaysThePlatform(t *testing.T) {
	w := newWorld(t)
	index, manifests := w.pushIndex("multi:1", "linux/amd64", "linux/arm64")
	id := w.host + "/multi@" + index
	c := w.run(w.cluster(pod(w.host+"/multi:1", id), node("arm64")), subject.Options{})
	if i, _ := c.Image("app"); i.Digest != manifests[1] {
		t.Errorf("got %s, want the arm64 one", i.Digest)
	}
	// Without the node nothing is guessed.
	c = w.run(w.cluster(pod(w.host+"/multi:1", id)), subject.Options{})
	i, _ := c.Image("app")
	if i.Status != inspect.Unknown || !strings.Contains(i.Detail, "linux/arm64") ||
		!strings.Contains(i.Detail, "--platform") {
		t.Errorf("got %s %q", i.Status, i.Detail)
	}
	if i.Resolved() || i.Unresolved != inspect.UnresolvedPlatform || len(i.Manifests) != 2 || i.Index != index ||
		i.Digest != "" {
		t.Errorf("got %+v", i)
	}
	// Nor is it with a node whose platform the index does not have.
	c = w.run(w.cluster(pod(w.host+"/multi:1", id), node("s390x")), subject.Options{})
	if i, _ := c.Image("app"); i.Resolved() || i.Unresolved != inspect.UnresolvedPlatform || len(i.Manifests) != 2 {
		t.Errorf("on s390x: %+v", i)
	}
}

func TestWhatRanBefore(t *testing.T) {
	w := newWorld(t)
	old, _ := w.push("app:0", "linux/amd64")
	moved, _ := w.push("app:1", "linux/amd64")
	bad, _ := w.push("app:1", "linux/amd64")
	repo := w.host + "/app"
	id := repo + "@" + bad

	tests := map[string]struct {
		before     string // reference of the older revision
		onNode     []string
		want, conf string
	}{
		"a revision that names a digest": {repo + "@" + old, nil, old, "high"},
		"a revision with another tag":    {repo + ":0", nil, old, "low"},
		"the same tag, but the node has it yet": {
			repo + ":1", []string{repo + "@" + moved, repo + "@" + bad}, moved, "medium",
		},
		"the same tag, and nothing is left": {repo + ":1", nil, "", ""},
		"a digest beats what the node has":  {repo + "@" + old, []string{repo + "@" + moved}, old, "high"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			objects := append(workload(tt.before, repo+":1"), pod(repo+":1", id), node("amd64", tt.onNode...))
			c := w.run(w.cluster(objects...), subject.Options{})
			i, _ := c.Image("app")
			if tt.want == "" {
				if s, _ := c.Check(inspect.CheckKnownGood, "app"); i.Diff != nil || s.Status != inspect.CheckSkipped {
					t.Errorf("got %+v, check %+v", i.Diff, s)
				}
				return
			}
			if i.Diff == nil || i.Diff.KnownGood.Digest != tt.want || i.Diff.KnownGood.Confidence != tt.conf {
				t.Fatalf("got %+v, candidates %+v", i.Diff, i.Candidates)
			}
			if i.Diff.KnownGood.Confirmed || i.Diff.KnownGood.Word() != "previous" {
				t.Error("nobody confirmed it")
			}
		})
	}
}

func TestAPersonConfirmsAKnownGood(t *testing.T) {
	w := newWorld(t)
	good, _ := w.push("app:0", "linux/amd64")
	bad, _ := w.push("app:1", "linux/amd64")
	repo := w.host + "/app"
	cluster := w.cluster(pod(repo+":1", repo+"@"+bad), node("amd64"))

	c := w.run(cluster, subject.Options{Choice: &subject.Choice{By: "me@laptop", Flag: repo + ":0"}})
	i, _ := c.Image("app")
	if i.Diff == nil || i.Diff.KnownGood.Digest != good || !i.Diff.KnownGood.Confirmed ||
		i.Diff.KnownGood.By != "me@laptop" {
		t.Errorf("got %+v", i.Diff)
	}
	choice := &subject.Choice{By: "me@laptop"}
	choice.Pick("app", inspect.Candidate{Location: repo + "@" + good, Confidence: "medium"})
	c = w.run(cluster, subject.Options{Choice: choice})
	if i, _ := c.Image("app"); i.Diff == nil || !i.Diff.KnownGood.Confirmed {
		t.Errorf("picked: %+v", i.Diff)
	}
	// One that cannot be found is no answer, and no comparison.
	c = w.run(cluster, subject.Options{Choice: &subject.Choice{Flag: repo + ":nope"}})
	if s, _ := c.Check(inspect.CheckKnownGood, "app"); s.Status != inspect.CheckBlocked ||
		!strings.Contains(s.Reason, "nope") {
		t.Errorf("check %+v", s)
	}
}

func TestTheWorkloadOfThePod(t *testing.T) {
	w := newWorld(t)
	digest, _ := w.push("app:1", "linux/amd64")
	repo := w.host + "/app"
	p := pod(repo+":1", repo+"@"+digest)
	spec := p["spec"].(object)
	spec["containers"] = append(
		spec["containers"].([]object),
		object{"name": "proxy", "image": repo + ":1", "env": []object{{"name": "API_TOKEN", "value": "hunter2"}}},
	)
	twin := pod(repo+":1", repo+"@"+digest)
	twin["metadata"] = object{"name": "twin", "namespace": "other", "uid": "twin"}
	c := w.run(w.cluster(append(workload(repo+":1", repo+":1"), p, twin, node("amd64"))...), subject.Options{})

	if len(c.Pod.Owner) != 2 || c.Pod.Owner[1].Kind != "Deployment" || len(c.Pod.Revisions) != 2 ||
		!c.Pod.Revisions[0].Current {
		t.Errorf("owners %+v, revisions %+v", c.Pod.Owner, c.Pod.Revisions)
	}
	if c.Pod.Containers[0].Injected || !c.Pod.Containers[1].Injected {
		t.Errorf("injected: %+v", c.Pod.Containers)
	}
	if len(c.Pod.Others) != 1 || c.Pod.Others[0] != "other/twin" {
		t.Errorf("others %v", c.Pod.Others)
	}
	w.keptWithoutSecrets(c)
}

// keptWithoutSecrets looks at the pod as it was kept.
func (w *world) keptWithoutSecrets(c inspect.Case) {
	w.t.Helper()
	for _, x := range c.Exhibits {
		if x.Path != "cluster/pod-shop-web.json" {
			continue
		}
		f, _, err := w.client.Store().Open(x.Digest)
		if err != nil {
			w.t.Fatal(err)
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.Contains(string(b), "hunter2") || len(x.Redacted) != 1 ||
			x.Redacted[0] != ".spec.containers.env[API_TOKEN].value" {
			w.t.Errorf("redacted %v of %s", x.Redacted, b)
		}
		return
	}
	w.t.Errorf("the pod is not kept: %+v", c.Exhibits)
}

func TestParsePod(t *testing.T) {
	tests := map[string]subject.PodTarget{
		"pod/web-0":       {Kind: "pod", Name: "web-0"},
		"pod/web-0:proxy": {Kind: "pod", Name: "web-0", Container: "proxy"},
		"deployment/web":  {Kind: "deploy", Name: "web"},
		"sts/db":          {Kind: "sts", Name: "db"},
		"job/nightly":     {Kind: "job", Name: "nightly"},
		"ghcr.io/org/app": {},
		"library/nginx:1": {},
		"oci:dir":         {},
	}
	for in, want := range tests {
		got, ok, err := subject.ParsePod(in)
		if got != want || ok != (want.Name != "") || err != nil {
			t.Errorf("%s: %+v %v %v", in, got, ok, err)
		}
	}
	for _, in := range []string{"pod/", "pod/a/b", "deploy/:app"} {
		if got, ok, err := subject.ParsePod(in); ok || !errors.Is(err, subject.ErrPodTarget) {
			t.Errorf("%s: %+v %v", in, got, err)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	w := newWorld(t)
	cluster := w.cluster(pod("x:1", ""))
	for target, want := range map[subject.PodTarget]string{
		{Kind: "pod", Name: "nope"}:                   "nope",
		{Kind: "pod", Name: "web", Container: "nope"}: "it has: app",
		{Kind: "deploy", Name: "nope"}:                "nope",
	} {
		if _, err := subject.Find(t.Context(), cluster, "shop", target); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", target, err)
		}
	}
}

// What the pod's tag means today is on the timeline, with who says so.
func TestTheTagIsSeen(t *testing.T) {
	w := newWorld(t)
	ran, _ := w.push("app:1", "linux/amd64")
	now := func() time.Time { return time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC) }
	seen := func() string {
		c := w.run(w.cluster(pod(w.host+"/app:1", w.host+"/app@"+ran), node("amd64")), subject.Options{Now: now})
		for _, m := range c.Timeline {
			if m.Trust == inspect.ByRegistry && m.Time.Equal(now()) {
				return m.What
			}
		}
		return ""
	}
	if got := seen(); !strings.HasPrefix(got, "tag 1 of "+w.host+"/app was seen to mean "+ran[:19]) ||
		!strings.HasSuffix(got, "which the pod runs") {
		t.Error(got)
	}
	w.push("app:1", "linux/amd64")
	if got := seen(); !strings.HasSuffix(got, "which is not what the pod runs") {
		t.Error(got)
	}
}
