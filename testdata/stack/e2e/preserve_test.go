package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/harness"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// keptJSON is what a case says of what it keeps, and of what it could not see.
type keptJSON struct {
	Pod struct {
		Name      string `json:"name"`
		Runtime   string `json:"runtime"`
		Selectors []struct {
			Kind string   `json:"kind"`
			Name string   `json:"name"`
			Keys []string `json:"keys"`
		} `json:"selectors"`
		Reach struct {
			Unseen []struct {
				Source string `json:"source"`
				Reason string `json:"reason"`
			} `json:"unseen"`
			Token  string `json:"token"`
			Shared struct {
				Node struct {
					Count int `json:"count"`
				} `json:"node"`
				Partial bool `json:"partial"`
			} `json:"shared"`
		} `json:"reach"`
	} `json:"pod"`
	Exhibits []struct {
		Path    string     `json:"path"`
		Digest  string     `json:"digest"`
		Missing string     `json:"missing"`
		Kept    *time.Time `json:"kept"`
	} `json:"exhibits"`
	Changes []struct {
		State   string   `json:"state"`
		What    []string `json:"what"`
		Exhibit string   `json:"exhibit"`
	} `json:"podChanges"`
	Images []struct {
		Reason string   `json:"reason"`
		Left   []string `json:"left"`
	} `json:"images"`
	Notices []struct {
		Text string `json:"text"`
	} `json:"notices"`
}

// paths are those of exhibits below a folder; those that could not be kept only if asked for.
func (k *keptJSON) paths(folder string, missing bool) []string {
	var all []string
	for _, x := range k.Exhibits {
		if strings.HasPrefix(x.Path, folder) && missing == (x.Missing != "") {
			all = append(all, x.Path)
		}
	}
	return all
}

func (r *responder) kept(want int, args ...string) *keptJSON {
	r.t.Helper()
	var k keptJSON
	decode(r.t, r.run(want, args...), &k)
	return &k
}

// rolled is a Deployment of one pod in a namespace of its own.
func rolled(t *testing.T, namespace string, change func(*corev1.PodSpec)) *corev1.Pod {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	must(t, stack.Namespace(ctx, namespace, nil))
	tag := stack.Registry.Host + "/" + namespace + "/shop:1"
	digest := push(t, tag, image.Edition(namespace))
	d := stack.Deployment(namespace, "shop", tag)
	if change != nil {
		change(&d.Spec.Template.Spec)
	}
	pod, err := stack.Roll(ctx, d, digest)
	must(t, err)
	return pod
}

// newestCase is the name of the responder's last case.
func newestCase(t *testing.T, r *responder) string {
	t.Helper()
	entries, err := os.ReadDir(r.file("data/backtrail/cases"))
	must(t, err)
	if len(entries) == 0 {
		t.Fatal("there is no case on disk")
	}
	return entries[len(entries)-1].Name()
}

// What vanishes first is asked for first: the pod, then events and logs, and only then what stands above and around it.
func TestTheOrderOfRequests(t *testing.T) {
	pod := rolled(t, "order", nil)
	began := time.Now()
	r := newResponder(t, env.Responder)
	events := r.run(exitPassed, "inspect", "pod/"+pod.Name, "-n", pod.Namespace, "--offline", "-o", "events")

	all, err := stack.Requests(env.Responder)
	must(t, err)
	requests := slices.DeleteFunc(all, func(q harness.Request) bool { return q.Received.Before(began) })
	slices.SortStableFunc(requests, func(a, b harness.Request) int { return a.Received.Compare(b.Received) })
	if len(requests) < 5 || requests[0].Verb != "get" || requests[0].ObjectRef.Resource != "pods" || requests[0].ObjectRef.Name != pod.Name {
		t.Fatalf("the first of %d requests is %+v", len(requests), requests[0])
	}
	seen := map[string]int{}
	for n, q := range requests {
		kind := q.ObjectRef.Resource + "/" + q.ObjectRef.Subresource
		switch {
		case n == 0 || q.Verb == "watch":
		case kind == "events/" || kind == "pods/log":
			seen[kind]++
		case seen["events/"] < 3 || stack.Kubelet && seen["pods/log"] < 1:
			t.Errorf("request %d is %s %s, before events and logs were asked for: %v", n, q.Verb, q.RequestURI, seen)
		}
	}
	if !slices.ContainsFunc(requests, func(q harness.Request) bool { return q.Verb == "watch" && strings.Contains(q.RequestURI, pod.Name) }) {
		t.Error("the pod is not watched")
	}

	at := map[string]int{}
	for n, line := range strings.Split(strings.TrimSpace(events.Stdout), "\n") {
		var e struct {
			Check   string           `json:"check"`
			Begin   *json.RawMessage `json:"begin"`
			End     *json.RawMessage `json:"end"`
			Exhibit *struct {
				Path string `json:"path"`
			} `json:"exhibit"`
		}
		must(t, json.Unmarshal([]byte(line), &e))
		switch {
		case e.Begin != nil:
			at["begin "+e.Check] = n
		case e.End != nil:
			at["end "+e.Check] = n
		case e.Exhibit != nil && at["kept"] == 0:
			at["kept"] = n
			if e.Exhibit.Path != "cluster/pod-order-"+pod.Name+".json" {
				t.Errorf("kept first is %s", e.Exhibit.Path)
			}
		}
	}
	for _, pair := range [][2]string{{"kept", "begin events"}, {"begin events", "begin subject"}, {"begin logs", "begin subject"}, {"begin logs", "begin workload"}, {"begin signatures", "begin layers"}} {
		if at[pair[0]] >= at[pair[1]] {
			t.Errorf("%s (%d) does not come before %s (%d)", pair[0], at[pair[0]], pair[1], at[pair[1]])
		}
	}
}

// A pod that is deleted while its case is open is kept as it was, and the case says that it is gone.
func TestADeletedPodIsKept(t *testing.T) {
	pod := rolled(t, "deleted", nil)
	r := newResponder(t, env.Responder)
	s := openScreen(t, r, "-n", pod.Namespace, "--offline")
	s.shows("1 pod", pod.Name)
	s.types(enter)
	s.shows("1 Over", "found · ", "collected")
	must(t, stack.Admin.CoreV1().Pods(pod.Namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}))
	s.shows("(gone)", "POD", "gone: it was deleted")
	s.types("7")
	s.shows("pod terminating: ", "pod gone: it was deleted")
	s.types("q")
	if code := s.ends(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}

	name := newestCase(t, r)
	k := r.kept(exitPassed, "open", name, "-o", "json")
	var states []string
	for _, c := range k.Changes {
		states = append(states, c.State)
	}
	if len(states) < 2 || states[len(states)-1] != "gone" || !slices.Contains(states, "terminating") {
		t.Errorf("changes %v", states)
	}
	pods := k.paths("cluster/pod-", false)
	if len(pods) < 3 || !slices.Contains(pods, "cluster/pod-deleted-"+pod.Name+".json") {
		t.Errorf("kept of the pod: %v", pods)
	}
	if stack.Kubelet && len(k.paths("logs/", false)) == 0 {
		t.Errorf("no log is kept: %+v", k.Exhibits)
	}
	for _, x := range k.Exhibits {
		if x.Missing == "" && x.Kept == nil {
			t.Errorf("%s was kept without a time", x.Path)
		}
	}

	bundle := r.file("evidence")
	r.run(exitPassed, "open", name, "--export", bundle)
	if _, err := os.Stat(filepath.Join(bundle, "data/cluster/pod-deleted-"+pod.Name+".json")); err != nil {
		t.Error(err)
	}
	newResponder(t, env.Nobody).run(exitPassed, "verify", bundle)
}

// The log of the run before a restart is kept as well as that of the present one.
func TestLogsOfARestartAreKept(t *testing.T) {
	if !stack.Kubelet {
		t.Skip("no kubelet here: nothing runs, and nothing restarts")
	}
	rolled(t, "restarts", func(spec *corev1.PodSpec) {
		// Nothing listens there: the kubelet kills the container, and starts it again.
		spec.Containers[0].LivenessProbe = &corev1.Probe{
			ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(9)}}, InitialDelaySeconds: 5, PeriodSeconds: 15, FailureThreshold: 1,
		}
	})
	var pod *corev1.Pod
	must(t, wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		pods, err := stack.Admin.CoreV1().Pods("restarts").List(ctx, metav1.ListOptions{})
		if err != nil || len(pods.Items) != 1 || len(pods.Items[0].Status.ContainerStatuses) != 1 {
			return false, err
		}
		pod = &pods.Items[0]
		status := pod.Status.ContainerStatuses[0]
		return status.RestartCount > 0 && status.State.Running != nil && status.LastTerminationState.Terminated != nil, nil
	}))
	status := pod.Status.ContainerStatuses[0]
	k := newResponder(t, env.Responder).kept(exitPassed, "inspect", "pod/"+pod.Name, "-n", pod.Namespace, "--offline", "-o", "json")
	logs := k.paths("logs/", false)
	for what, id := range map[string]string{"the present run": status.ContainerID, "the run before": status.LastTerminationState.Terminated.ContainerID} {
		_, bare, _ := strings.Cut(id, "://")
		if !slices.Contains(logs, "logs/"+bare+".log") {
			t.Errorf("the log of %s is not kept: %v", what, logs)
		}
	}
}

// Whoever may only get, list and watch pods gets a case, and is told what could not be seen.
func TestPodsOnlySaysWhatItDoesNotSee(t *testing.T) {
	pod := rolled(t, "podsonly", nil)
	r := newResponder(t, env.PodsOnly)
	k := r.kept(exitPassed, "inspect", "pod/"+pod.Name, "-n", pod.Namespace, "--offline", "-o", "json")
	unseen := map[string]bool{}
	for _, u := range k.Pod.Reach.Unseen {
		unseen[u.Source] = u.Reason != ""
	}
	for _, what := range []string{"network-policies", "services", "node"} {
		if !unseen[what] {
			t.Errorf("%s are not listed as unread: %+v", what, k.Pod.Reach.Unseen)
		}
	}
	if len(k.paths("cluster/event-", true)) == 0 {
		t.Errorf("nothing says that events are not kept: %+v", k.Exhibits)
	}
	if !slices.Contains(k.paths("cluster/pod-", false), "cluster/pod-podsonly-"+pod.Name+".json") {
		t.Error("the pod itself is not kept")
	}
	if slices.ContainsFunc(k.Notices, func(n struct {
		Text string `json:"text"`
	},
	) bool {
		return strings.Contains(n.Text, "changes of the pod are not seen")
	}) {
		t.Error("it may watch pods")
	}
	brief := r.run(exitPassed, "inspect", "pod/"+pod.Name, "-n", pod.Namespace, "--offline", "-o", "brief")
	says(t, brief.Stdout, "Evidence not collected", "collected: 1")
}

// The role that backtrail prints is enough for all that it reads, and holds nothing that it does not.
func TestThePrintedRoleIsEnough(t *testing.T) {
	printed := newResponder(t, env.Nobody).run(exitPassed, "rbac").Stdout
	role := &rbacv1.ClusterRole{}
	must(t, yaml.UnmarshalStrict([]byte(printed), role))
	for _, rule := range role.Rules {
		for _, verb := range rule.Verbs {
			if !slices.Contains([]string{"get", "list", "watch"}, verb) || slices.Contains(rule.Resources, "secrets") {
				t.Errorf("the role holds %v on %v", rule.Verbs, rule.Resources)
			}
		}
	}
	role.Name = env.Least
	ctx := t.Context()
	_, err := stack.Admin.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{})
	must(t, err)
	_, err = stack.Admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: env.Least}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: env.Least},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: env.Least}},
	}, metav1.CreateOptions{})
	must(t, err)

	pod := rolled(t, "least", nil)
	_, err = stack.Admin.CoreV1().Services(pod.Namespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "shop"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}, metav1.CreateOptions{})
	must(t, err)
	r := newResponder(t, env.Least)
	k := r.kept(exitPassed, "inspect", "pod/"+pod.Name, "-n", pod.Namespace, "--offline", "-o", "json")
	requests, err := stack.Requests(env.Least)
	must(t, err)
	for _, q := range requests {
		if q.ResponseStatus.Code == 403 {
			t.Errorf("not permitted: %s %s", q.Verb, q.RequestURI)
		}
	}
	for _, u := range k.Pod.Reach.Unseen {
		// This stack makes no service accounts: whoever asks for one may, and there is none.
		if u.Source != "service-account" {
			t.Errorf("not read: %+v", u)
		}
	}
	var pickers []string
	for _, s := range k.Pod.Selectors {
		pickers = append(pickers, s.Kind)
	}
	if !slices.Equal(pickers, []string{"ReplicaSet", "Service"}) || k.Pod.Reach.Shared.Partial || k.Pod.Reach.Shared.Node.Count == 0 {
		t.Errorf("picked by %v, %+v", pickers, k.Pod.Reach.Shared)
	}
	plain := r.run(exitPassed, "inspect", "pod/"+pod.Name, "-n", pod.Namespace, "--offline")
	says(t, plain.Stdout, "Service shop (by app)")
}

// The registry loses what a case rests on, and the cache is pruned: a case that nobody exported keeps it, and can still be
// exported as a whole.
func TestPruneKeepsWhatACaseNeeds(t *testing.T) {
	pod, digest := rollAndDelete(t, "pruned", image.Edition("pruned"))
	r := newResponder(t, env.Responder)
	lost := r.kept(exitIncomplete, "inspect", "pod/"+pod.Name, "-n", pod.Namespace, "--offline", "-o", "json")
	if len(lost.Images) != 1 || lost.Images[0].Reason != "missing-blob" || len(lost.Images[0].Left) == 0 {
		t.Errorf("images %+v; want what is left of one that is lost", lost.Images)
	}

	good := rolled(t, "prunedtoo", nil)
	r.run(exitPassed, "inspect", "pod/"+good.Name, "-n", good.Namespace, "--offline")
	name := newestCase(t, r)
	pruned := r.run(exitPassed, "cache", "prune", "--days", "0")
	says(t, pruned.Stdout, "stay", name+": not exported", "needs nothing here")
	bundle := r.file("evidence")
	r.run(exitPassed, "open", name, "--export", bundle, "--layers", "all")
	v := verifyBundle(newResponder(t, env.Nobody), exitPassed, bundle)
	if v.Fits != "verified" || v.Reproduced != "verified" {
		t.Errorf("%+v", v)
	}
	if strings.Contains(r.run(exitPassed, "cache", "prune", "--days", "0").Stdout, name) {
		t.Errorf("an exported case still needs the cache (%s)", digest)
	}
}
