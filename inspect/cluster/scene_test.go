package cluster_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/kube"
)

// morning is when the shop's cluster was set up; the pod came an hour later.
var morning = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

const (
	digestMine  = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	digestOther = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// world is a cluster with the pod web-1 of Deployment web in it, to be changed by a test.
type world struct {
	namespace  *corev1.Namespace
	deployment *appsv1.Deployment
	set        *appsv1.ReplicaSet
	pod        *corev1.Pod
	more       []any
}

func newWorld() *world {
	labels := map[string]string{"app": "web"}
	template := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "reg.example/web:1"}}},
	}
	w := &world{namespace: &corev1.Namespace{TypeMeta: kind("v1", "Namespace"), ObjectMeta: metav1.ObjectMeta{Name: "shop"}}}
	w.deployment = &appsv1.Deployment{
		TypeMeta: kind("apps/v1", "Deployment"), ObjectMeta: named("web"),
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template},
	}
	w.set = &appsv1.ReplicaSet{
		TypeMeta: kind("apps/v1", "ReplicaSet"), ObjectMeta: owned(named("web-7d"), "Deployment", "web"),
		Spec: appsv1.ReplicaSetSpec{Selector: w.deployment.Spec.Selector, Template: template},
	}
	w.pod = podOf("web-1", "web-7d", "web", "reg.example/web:1", digestMine)
	w.pod.Labels = labels
	w.pod.CreationTimestamp = metav1.NewTime(morning.Add(time.Hour))
	return w
}

func kind(api, kind string) metav1.TypeMeta { return metav1.TypeMeta{APIVersion: api, Kind: kind} }

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "shop", UID: types.UID("uid-" + name), CreationTimestamp: metav1.NewTime(morning)}
}

func owned(m metav1.ObjectMeta, ownerKind, name string) metav1.ObjectMeta {
	yes := true
	m.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: ownerKind, Name: name, UID: types.UID("uid-" + name), Controller: &yes}}
	return m
}

// podOf is a pod of a ReplicaSet with one container.
func podOf(name, set, container, reference, digest string) *corev1.Pod {
	p := &corev1.Pod{TypeMeta: kind("v1", "Pod"), ObjectMeta: owned(named(name), "ReplicaSet", set)}
	addContainer(p, container, reference, digest)
	return p
}

func addContainer(p *corev1.Pod, name, reference, digest string) {
	p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: name, Image: reference, ImagePullPolicy: corev1.PullAlways})
	p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: name, Image: reference, ImageID: "reg.example/x@" + digest})
}

// inject adds the sidecar proxy to the pod, and to n other workloads with a digest.
func (w *world) inject(n int, digest string) {
	addContainer(w.pod, "proxy", "reg.example/proxy:1", digestMine)
	for i := range n {
		name := fmt.Sprintf("other%d", i)
		w.more = append(w.more, podOf(name+"-x", name, "proxy", "reg.example/proxy:1", digest))
	}
}

// hook is a webhook about pods, of the given namespaces.
func hook(name string, mutates bool, change func(*admissionv1.ValidatingWebhook)) any {
	v := admissionv1.ValidatingWebhook{Name: name, Rules: []admissionv1.RuleWithOperations{{
		Operations: []admissionv1.OperationType{admissionv1.Create},
		Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
	}}}
	if change != nil {
		change(&v)
	}
	meta := metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(morning)}
	if !mutates {
		return &admissionv1.ValidatingWebhookConfiguration{
			TypeMeta: kind("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"), ObjectMeta: meta, Webhooks: []admissionv1.ValidatingWebhook{v},
		}
	}
	return &admissionv1.MutatingWebhookConfiguration{
		TypeMeta: kind("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"), ObjectMeta: meta,
		Webhooks: []admissionv1.MutatingWebhook{{Name: name, Rules: v.Rules, NamespaceSelector: v.NamespaceSelector, ObjectSelector: v.ObjectSelector, FailurePolicy: v.FailurePolicy}},
	}
}

// unrelated are objects that make a dump know of every kind, and that say nothing of the pod.
func unrelated() []any {
	far := func(v *admissionv1.ValidatingWebhook) { v.Rules[0].Resources = []string{"secrets"} }
	return []any{
		hook("far-validating", false, far), hook("far-mutating", true, far),
		&networkingv1.NetworkPolicy{TypeMeta: kind("networking.k8s.io/v1", "NetworkPolicy"), ObjectMeta: metav1.ObjectMeta{Name: "far", Namespace: "far"}},
		&corev1.Event{TypeMeta: kind("v1", "Event"), ObjectMeta: metav1.ObjectMeta{Name: "far", Namespace: "far"}},
	}
}

// look runs the check on the pod.
func (w *world) look(t *testing.T) inspect.Case {
	t.Helper()
	items := append([]any{w.namespace, w.deployment, w.set, w.pod}, w.more...)
	return lookIn(t, w.pod, append(items, unrelated()...))
}

func lookIn(t *testing.T, pod *corev1.Pod, items []any) inspect.Case {
	t.Helper()
	return lookWith(t, cluster.Options{Cluster: sourceOf(t, items), Pod: pod})
}

// sourceOf is a dump of objects.
func sourceOf(t *testing.T, items []any) *kube.Snapshot {
	t.Helper()
	dump, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	source, err := kube.ParseSnapshot("shop", dump)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func lookWith(t *testing.T, o cluster.Options) inspect.Case {
	t.Helper()
	known := inspect.Pod{Name: o.Pod.Name}
	for _, ref := range o.Pod.OwnerReferences {
		known.Owner = append(known.Owner, inspect.Owner{Kind: ref.Kind, Name: ref.Name, UID: string(ref.UID)})
	}
	c := runChecks(t, []inspect.Event{{Fact: known}}, cluster.Events(o), cluster.Check(o), cluster.Reach(o, inspect.CheckCluster))
	if state, _ := c.Check(inspect.CheckCluster, ""); state.Status != inspect.CheckDone {
		t.Fatalf("the check ended as %s: %s", state.Status, state.Reason)
	}
	return c
}

func runChecks(t *testing.T, opening []inspect.Event, checks ...engine.Check) inspect.Case {
	t.Helper()
	run, err := engine.NewSource(engine.Plan{Opening: opening, Checks: checks})
	if err != nil {
		t.Fatal(err)
	}
	c := inspect.Case{}
	if err := run(t.Context(), c.Apply); err != nil {
		t.Fatal(err)
	}
	return c
}

func findingOf(c inspect.Case, code string) (inspect.Finding, bool) {
	i := slices.IndexFunc(c.Findings, func(f inspect.Finding) bool { return f.Code == code })
	if i < 0 {
		return inspect.Finding{}, false
	}
	return c.Findings[i], true
}

func gateOf(c inspect.Case, subject, name string) inspect.Gate {
	i, _ := c.Image(subject)
	for _, g := range i.Gates {
		if g.Name == name {
			return g
		}
	}
	return inspect.Gate{}
}

func codes(c inspect.Case) []string {
	var all []string
	for _, f := range c.Findings {
		all = append(all, f.Code)
	}
	return all
}
