package cluster_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
)

func included(v *admissionv1.ValidatingWebhook) {
	v.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"policy.sigstore.dev/include": "true"}}
}

func ignoring(v *admissionv1.ValidatingWebhook) {
	ignore := admissionv1.Ignore
	v.FailurePolicy = &ignore
}

// What verified the images on their way in, or why nothing did.
func TestAdmission(t *testing.T) {
	tests := map[string]struct {
		change func(w *world)
		status inspect.GateStatus
		detail string
		code   string
	}{
		"nothing set up": {
			func(*world) {}, inspect.GateAbsent, "no admission webhook verifies the images of a pod",
			inspect.CodeNoImagePolicy,
		},
		"not labelled": {
			func(w *world) { w.more = append(w.more, hook("policy.sigstore.dev", false, included)) },
			inspect.GateNotEnforced,
			"policy-controller not enforced in shop: label policy.sigstore.dev/include is missing",
			inspect.CodeNamespaceExempt,
		},
		"labelled": {func(w *world) {
			w.namespace.Labels = map[string]string{"policy.sigstore.dev/include": "true"}
			w.more = append(w.more, hook("policy.sigstore.dev", false, included))
		}, inspect.GatePassed, "policy-controller (webhook policy.sigstore.dev) evaluated the pod: admitted", ""},
		"fails open": {
			func(w *world) { w.more = append(w.more, hook("validate.kyverno.svc-ignore", false, ignoring)) },
			inspect.GateUnknown, "failurePolicy Ignore: requests are admitted unchecked", inspect.CodePolicyFailsOpen,
		},
		"one of two looks": {func(w *world) {
			w.more = append(w.more, hook("policy.sigstore.dev", false, included), hook("validate.kyverno.svc-fail",
				false, nil))
		}, inspect.GatePassed, "Kyverno (webhook validate.kyverno.svc-fail) evaluated the pod: admitted", ""},
		"set up later": {
			func(w *world) {
				w.pod.CreationTimestamp = metav1.NewTime(morning.Add(-time.Hour))
				w.more = append(w.more, hook("validate.kyverno.svc-fail", false, nil))
			}, inspect.GateNotEnforced, "set up at 2026-03-01 08:00:00Z, after the pod was admitted",
			inspect.CodeNamespaceExempt,
		},
		"object left out": {func(w *world) {
			w.more = append(w.more, hook("connaisseur", false, func(v *admissionv1.ValidatingWebhook) {
				v.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "cart"}}
			}))
		}, inspect.GateNotEnforced, "objectSelector app=cart does not match the pod", inspect.CodeNamespaceExempt},
		"conditions": {func(w *world) {
			w.more = append(w.more, hook("kyverno", false, func(v *admissionv1.ValidatingWebhook) {
				v.MatchConditions = []admissionv1.MatchCondition{{Name: "x", Expression: "true"}}
			}))
		}, inspect.GateUnknown, "matchConditions", ""},
		"two that do not look": {
			func(w *world) {
				far := func(v *admissionv1.ValidatingWebhook) {
					v.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"env": "production"}}
				}
				w.more = append(w.more, hook("policy.sigstore.dev", false, included), hook("validate.kyverno.svc-fail",
					false, far))
			}, inspect.GateNotEnforced,
			"label policy.sigstore.dev/include is missing; Kyverno not enforced (webhook validate.kyverno.svc-fail): " +
				"namespaceSelector env=production does not match namespace shop", inspect.CodeNamespaceExempt,
		},
		"asked of the deployment": {func(w *world) {
			w.more = append(w.more, hook("kyverno", false, func(v *admissionv1.ValidatingWebhook) {
				v.Rules[0].APIGroups, v.Rules[0].Resources = []string{"apps"}, []string{"deployments"}
			}))
		}, inspect.GatePassed, "evaluated Deployment web: admitted", ""},
	}
	for name, tt := range tests {
		w := newWorld()
		tt.change(w)
		c := w.look(t)
		g := gateOf(c, "web", cluster.GateAdmission)
		if g.Status != tt.status || !strings.Contains(g.Detail, tt.detail) {
			t.Errorf("%s: %s %q\nwant %s %q", name, g.Status, g.Detail, tt.status, tt.detail)
		}
		for _, code := range []string{
			inspect.CodeNoImagePolicy, inspect.CodeNamespaceExempt,
			inspect.CodePolicyFailsOpen,
		} {
			if _, ok := findingOf(c, code); ok != (code == tt.code) {
				t.Errorf("%s: findings %v, want %q", name, codes(c), tt.code)
			}
		}
	}
}

// Webhooks that are no verifiers of images are gates too, those that only change objects are not.
func TestOtherWebhooks(t *testing.T) {
	w := newWorld()
	w.more = append(w.more, hook("quota.example", false, nil), hook("injector.example", true, nil))
	c := w.look(t)
	if g := gateOf(c, "web", "webhook quota.example"); g.Status != inspect.GatePassed {
		t.Errorf("%+v", g)
	}
	if g := gateOf(c, "web", "mutating webhook injector.example"); g.Name != "" {
		t.Errorf("%+v", g)
	}
}

func TestAdmissionPolicies(t *testing.T) {
	policy := func(w *world, expression string, actions ...admissionv1.ValidationAction) {
		rule := hook("x", false, nil).(*admissionv1.ValidatingWebhookConfiguration).Webhooks[0].Rules[0]
		meta := metav1.ObjectMeta{Name: "digests-only", CreationTimestamp: metav1.NewTime(morning)}
		w.more = append(w.more, &admissionv1.ValidatingAdmissionPolicy{
			TypeMeta: kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"), ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicySpec{MatchConstraints: &admissionv1.MatchResources{
				ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: rule}},
			}, Validations: []admissionv1.Validation{{Expression: expression}}},
		}, &admissionv1.ValidatingAdmissionPolicyBinding{
			TypeMeta: kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"), ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName:        "digests-only",
				ValidationActions: actions,
			},
		})
	}
	for _, tt := range []struct {
		action admissionv1.ValidationAction
		status inspect.GateStatus
		detail string
	}{
		{admissionv1.Deny, inspect.GatePassed, "evaluated the pod: admitted"},
		{admissionv1.Warn, inspect.GateNotEnforced, "binding digests-only only warns or audits"},
	} {
		w := newWorld()
		policy(w, "object.spec.containers.all(c, c.image.contains('@'))", tt.action)
		g := gateOf(w.look(t), "web", "admission policy digests-only")
		if g.Status != tt.status || !strings.Contains(g.Detail, tt.detail) || g.By != inspect.APIServer {
			t.Errorf("%s: %+v", tt.action, g)
		}
		w = newWorld()
		policy(w, "object.spec.hostNetwork != true", tt.action)
		if g := gateOf(w.look(t), "web", "admission policy digests-only"); g.By != "" {
			t.Errorf("it looks at no image: %+v", g)
		}
	}
}

func TestPinnedAndPodSecurity(t *testing.T) {
	w := newWorld()
	c := w.look(t)
	if g := gateOf(c, "web", cluster.GatePinned); g.Status != inspect.GateAbsent || !strings.Contains(g.Detail,
		"names tag 1, not a digest") || !strings.Contains(g.Detail, "Always") {
		t.Errorf("%+v", g)
	}
	if g := gateOf(c, "web", cluster.GatePodSecurity); g.Status != inspect.GateNotEnforced {
		t.Errorf("%+v", g)
	}
	w.namespace.Labels = map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
	w.pod.Spec.Containers[0].Image = "reg.example:5000/web@" + digestMine
	c = w.look(t)
	if g := gateOf(c, "web", cluster.GatePinned); g.Status != inspect.GatePassed {
		t.Errorf("%+v", g)
	}
	if g := gateOf(c, "web", cluster.GatePodSecurity); g.Status != inspect.GatePassed || !strings.Contains(g.Detail,
		"level restricted") {
		t.Errorf("%+v", g)
	}
}

// An injected container is explained, and compared with what other workloads got. An explanation clears nothing.
func TestInjection(t *testing.T) {
	injector := hook("injector.example", true, nil)
	istio := map[string]string{"sidecar.istio.io/status": `{"containers":["proxy"]}`}
	tests := map[string]struct {
		change   func(w *world)
		code     string
		severity inspect.Severity
		says     string
	}{
		"unexplained": {
			func(w *world) { w.inject(0, "") }, inspect.CodeInjectedUnexplained, inspect.Medium,
			"nothing explains it",
		},
		"annotation only": {
			func(w *world) { w.inject(0, ""); w.pod.Annotations = istio },
			inspect.CodeInjectedExplained, inspect.Low,
			"which anyone may write; no webhook that selects this pod explains it",
		},
		"webhook": {func(w *world) {
			w.inject(2, digestMine)
			w.more = append(w.more, injector)
		}, inspect.CodeInjectedExplained, inspect.Low, "webhook injector.example explains it"},
		"everywhere": {func(w *world) {
			w.inject(3, digestMine)
			w.more = append(w.more, injector)
		}, inspect.CodeInjectedEverywhere, inspect.Info, "with the same image as in 3 other workloads"},
		"everywhere, by annotation": {
			func(w *world) { w.inject(3, digestMine); w.pod.Annotations = istio },
			inspect.CodeInjectedExplained, inspect.Low, "",
		},
		"another than its siblings": {func(w *world) {
			w.inject(2, digestOther)
			w.more = append(w.more, injector)
		}, inspect.CodeInjectedOtherImage, inspect.High, "runs another image than 2 other workloads with this sidecar"},
	}
	for name, tt := range tests {
		w := newWorld()
		tt.change(w)
		c := w.look(t)
		f, ok := findingOf(c, tt.code)
		if !ok || f.Severity != tt.severity || f.Subject != "proxy" || !strings.Contains(f.Title+"; "+f.Detail,
			tt.says) {
			t.Errorf("%s: %+v of %v", name, f, codes(c))
		}
		if want := tt.severity.RowStatus(); f.Status != want {
			t.Errorf("%s: status %s, want %s", name, f.Status, want)
		}
	}
}

func TestNoInjectionWithoutATemplate(t *testing.T) {
	w := newWorld()
	w.inject(0, "")
	c := lookIn(t, w.pod, append([]any{w.pod}, unrelated()...)) // its owners cannot be read
	for _, code := range codes(c) {
		if strings.HasPrefix(code, "injected") {
			t.Errorf("called injected: %v", codes(c))
		}
	}
}

func TestDebugContainer(t *testing.T) {
	w := newWorld()
	w.pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debugger", Image: "busybox"}}}
	at := metav1.NewTime(morning.Add(2 * time.Hour))
	w.pod.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: "kubectl-debug", Time: &at,
		Subresource: "ephemeralcontainers", FieldsV1: &metav1.FieldsV1{
			Raw: []byte(`{"f:spec":{"f:ephemeralContainers":{".":{},"k:{\"name\":\"debugger\"}":{".":{},"f:image":{}}}}}`),
		},
	}}
	f, ok := findingOf(w.look(t), inspect.CodeDebugContainer)
	if !ok || f.Severity != inspect.Medium ||
		f.Title != "debug container debugger with image busybox was attached to the pod by kubectl-debug at "+
			"2026-03-01 10:00:00Z" {
		t.Errorf("%+v", f)
	}
}

func TestNetworkPoliciesAndEvents(t *testing.T) {
	w := newWorld()
	w.more = append(w.more, &networkingv1.NetworkPolicy{
		TypeMeta:   kind("networking.k8s.io/v1", "NetworkPolicy"),
		ObjectMeta: named("deny-all"),
	})
	event := &corev1.Event{
		TypeMeta: kind("v1", "Event"), ObjectMeta: named("e1"), Reason: "Pulled",
		Message: "Successfully pulled image", Count: 2, LastTimestamp: metav1.NewTime(morning.Add(time.Hour)),
	}
	event.InvolvedObject = corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "web-1", UID: w.pod.UID}
	w.more = append(w.more, event)
	c := w.look(t)
	if !slices.Equal(c.Pod.Reach.NetworkPolicies, []string{"deny-all"}) || c.Pod.Name != "web-1" {
		t.Errorf("%+v", c.Pod)
	}
	if len(c.Exhibits) != 0 || len(c.Timeline) != 1 ||
		c.Timeline[0].What != "Pulled: Successfully pulled image (2 times)" ||
		c.Timeline[0].Source != "event of Pod web-1" {
		t.Errorf("%+v", c.Timeline)
	}
	if _, ok := findingOf(c, inspect.CodeNoNetworkPolicy); ok {
		t.Error("a policy selects the pod")
	}
	if _, ok := findingOf(newWorld().look(t), inspect.CodeNoNetworkPolicy); !ok {
		t.Error("no policy selects the pod, and nothing says so")
	}
}

// A dump of pods alone says in one line what is not known, and nothing is made of what is not known.
func TestPodsAlone(t *testing.T) {
	w := newWorld()
	c := lookIn(t, w.pod, []any{w.pod})
	for _, says := range []string{
		"not all events are kept",
		"could not be read of the cluster: the namespace's labels, mutating webhooks, validating webhooks",
	} {
		if !slices.ContainsFunc(c.Notices, func(n inspect.Notice) bool { return strings.HasPrefix(n.Text, says) }) {
			t.Errorf("nothing says %q: %+v", says, c.Notices)
		}
	}
	for _, source := range []inspect.ReachSource{inspect.ReachNetworkPolicies, inspect.ReachServices} {
		if !c.Pod.Reach.Lacks(source) {
			t.Errorf("%s were not in the dump: %+v", source, c.Pod.Reach.Unseen)
		}
	}
	if len(c.Findings) != 0 {
		t.Errorf("%v", codes(c))
	}
	for _, name := range []string{cluster.GateAdmission, cluster.GatePodSecurity} {
		if g := gateOf(c, "web", name); g.Status != inspect.GateUnknown {
			t.Errorf("%+v", g)
		}
	}
}

func TestNoPod(t *testing.T) {
	run, err := engine.NewSource(engine.Plan{Checks: []engine.Check{cluster.Check(cluster.Options{})}})
	if err != nil {
		t.Fatal(err)
	}
	c := inspect.Case{}
	if err := run(t.Context(), c.Apply); err != nil {
		t.Fatal(err)
	}
	if state, _ := c.Check(inspect.CheckCluster, ""); state.Status != inspect.CheckSkipped {
		t.Errorf("%+v", state)
	}
}
