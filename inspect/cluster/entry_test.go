package cluster_test

import (
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
)

// A debug container comes in by another door than its pod: other webhooks are asked, at another time.
func TestGatesOfADebugContainer(t *testing.T) {
	of := func(operation admissionv1.OperationType, resources ...string) func(*admissionv1.ValidatingWebhook) {
		return func(v *admissionv1.ValidatingWebhook) {
			v.Rules[0].Operations, v.Rules[0].Resources = []admissionv1.OperationType{operation}, resources
		}
	}
	tests := map[string]struct {
		rule   func(*admissionv1.ValidatingWebhook)
		status inspect.GateStatus
		says   string
	}{
		"pods alone": {
			of(admissionv1.Create, "pods"), inspect.GateAbsent,
			"no admission webhook verifies the images of a debug container",
		},
		"all but subresource": {
			of(admissionv1.OperationAll, "*"), inspect.GateAbsent,
			"no admission webhook verifies the images of a debug container",
		},
		"its own": {
			of(admissionv1.Update, "pods/ephemeralcontainers"), inspect.GatePassed,
			"evaluated the debug container debugger: admitted",
		},
		"of pods": {
			of(admissionv1.OperationAll, "pods/*"), inspect.GatePassed,
			"evaluated the debug container",
		},
		"only when created": {
			of(admissionv1.Create, "*/*"), inspect.GateAbsent,
			"no admission webhook verifies the images of a debug container",
		},
	}
	for name, tt := range tests {
		w := newWorld()
		w.pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debugger", Image: "busybox"}}}
		w.more = append(w.more, hook("policy.sigstore.dev", false, tt.rule))
		g := gateOf(w.look(t), "debugger", cluster.GateAdmission)
		if g.Status != tt.status || !strings.Contains(g.Detail, tt.says) {
			t.Errorf("%s: %s %q, want %s %q", name, g.Status, g.Detail, tt.status, tt.says)
		}
		if tt.status == inspect.GatePassed && g.By != inspect.PolicyController {
			t.Errorf("%s: by %q", name, g.By)
		}
	}
}

// A static pod passes no admission.
func TestStaticPod(t *testing.T) {
	w := newWorld()
	w.pod.Annotations = map[string]string{"kubernetes.io/config.mirror": "x"}
	w.pod.Spec.NodeName = "node-1"
	w.more = append(w.more, hook("policy.sigstore.dev", false, nil))
	c := w.look(t)
	if g := gateOf(c, "web", cluster.GateAdmission); g.Status != inspect.GateNotEnforced ||
		!strings.Contains(g.Detail, "the kubelet of node node-1 started it from a file") {
		t.Errorf("%+v", g)
	}
	if _, ok := findingOf(c, inspect.CodeStaticPod); !ok {
		t.Errorf("findings %v", codes(c))
	}
}

// The owners come with who wrote them, the newest first, and whose image each set.
func TestManagersOfTheOwners(t *testing.T) {
	w := newWorld()
	status := manages("kube-controller-manager", 5, `{"f:status":{}}`)
	status.Subresource = "status"
	w.deployment.ManagedFields = []metav1.ManagedFieldsEntry{manages("argocd-controller", 1,
		`{"f:spec":{"f:replicas":{}}}`), setImage("kubectl-set", 3), status}
	w.pod.OwnerReferences[0].Name = "web-7d"
	c := w.look(t)
	at := slices.IndexFunc(c.Pod.Owner, func(o inspect.Owner) bool { return o.Kind == "ReplicaSet" })
	if at < 0 || c.Pod.Owner[at].Created.IsZero() {
		t.Errorf("%+v", c.Pod.Owner)
	}
	source := sourceOf(t, append([]any{w.namespace, w.deployment, w.set, w.pod}, unrelated()...))
	known := inspect.Pod{Name: "web-1", Owner: []inspect.Owner{
		{Kind: "Deployment", Name: "web", UID: "uid-web"},
		{Kind: "Other", Name: "x", UID: "uid-x"},
	}}
	c = runChecks(t, []inspect.Event{{Fact: known}}, cluster.Check(cluster.Options{Cluster: source, Pod: w.pod}))
	got := c.Pod.Owner[0].Managers
	if len(got) != 2 || got[0].Name != "kubectl-set" || !slices.Equal(got[0].Images, []string{"web"}) ||
		got[1].Name != "argocd-controller" || len(got[1].Images) != 0 {
		t.Errorf("%+v", got)
	}
	if len(c.Pod.Owner[1].Managers) != 0 {
		t.Errorf("%+v", c.Pod.Owner[1])
	}
}
