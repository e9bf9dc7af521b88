package cluster_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
)

// What rules and reports read of a gate is its kind, its reason and its object, not its words.
func TestReasonsOfGates(t *testing.T) {
	staged := func(v *admissionv1.ValidatingWebhook) {
		v.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"env": "stage"}}
	}
	conditional := func(v *admissionv1.ValidatingWebhook) {
		v.MatchConditions = []admissionv1.MatchCondition{{Name: "x", Expression: "true"}}
	}
	both := func(v *admissionv1.ValidatingWebhook) { ignoring(v); conditional(v) }
	for name, tt := range map[string]struct {
		change   func(w *world)
		reason   inspect.GateReason
		products []string
	}{
		"no verifier":   {func(*world) {}, inspect.GateNoVerifier, nil},
		"evaluated":     {func(w *world) { w.more = append(w.more, hook("kyverno", false, nil)) }, "", []string{inspect.Kyverno}},
		"no label":      {func(w *world) { w.more = append(w.more, hook("policy.sigstore.dev", false, included)) }, inspect.GateNoLabel, []string{inspect.PolicyController}},
		"not selected":  {func(w *world) { w.more = append(w.more, hook("kyverno", false, staged)) }, inspect.GateNotSelected, []string{inspect.Kyverno}},
		"fails open":    {func(w *world) { w.more = append(w.more, hook("kyverno", false, ignoring)) }, inspect.GateFailsOpen, []string{inspect.Kyverno}},
		"conditions":    {func(w *world) { w.more = append(w.more, hook("kyverno", false, conditional)) }, inspect.GateConditions, []string{inspect.Kyverno}},
		"both of these": {func(w *world) { w.more = append(w.more, hook("kyverno", false, both)) }, inspect.GateFailsOpen, []string{inspect.Kyverno}},
		"set up later": {func(w *world) {
			w.pod.CreationTimestamp = metav1.NewTime(morning.Add(-time.Hour))
			w.more = append(w.more, hook("kyverno", false, nil))
		}, inspect.GateSetUpLater, []string{inspect.Kyverno}},
		"static pod": {func(w *world) {
			w.pod.Annotations = map[string]string{"kubernetes.io/config.mirror": "x"}
		}, inspect.GateStaticPod, nil},
		"two products, neither selected": {func(w *world) {
			w.more = append(w.more, hook("policy.sigstore.dev", false, included), hook("validate.kyverno.svc", false, staged))
		}, inspect.GateNoLabel, []string{inspect.PolicyController, inspect.Kyverno}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			tt.change(w)
			g := gateOf(w.look(t), "web", cluster.GateAdmission)
			slices.Sort(g.Products)
			slices.Sort(tt.products)
			if g.Kind != inspect.GateKindAdmission || g.Reason != tt.reason || !slices.Equal(g.Products, tt.products) {
				t.Errorf("got kind %q, reason %q, products %v; want reason %q, products %v", g.Kind, g.Reason, g.Products, tt.reason, tt.products)
			}
		})
	}
}

// The object that sets a gate up is named, for whoever wants to look at it.
func TestObjectsOfGates(t *testing.T) {
	w := newWorld()
	w.more = append(w.more, hook("quota.example", false, ignoring), hook("mutate.kyverno.svc", true, nil))
	c := w.look(t)
	plain := gateOf(c, "web", "webhook quota.example")
	if plain.Kind != inspect.GateKindWebhook || plain.By != "" || !plain.FailsOpen || plain.Object == nil ||
		*plain.Object != (inspect.GateObject{Kind: "ValidatingWebhookConfiguration", Name: "quota.example"}) {
		t.Errorf("%+v of %+v", plain, plain.Object)
	}
	if !plain.Since.Equal(morning) {
		t.Errorf("it was set up at %v", plain.Since)
	}
	mutating := gateOf(c, "web", "mutating webhook mutate.kyverno.svc")
	if mutating.Kind != inspect.GateKindMutatingWebhook || mutating.By != inspect.Kyverno || mutating.Object == nil ||
		mutating.Object.Kind != "MutatingWebhookConfiguration" {
		t.Errorf("%+v of %+v", mutating, mutating.Object)
	}
}

// vap is a policy of the API server about pods, with its binding, to be changed by a test.
type vap struct {
	policy  *admissionv1.ValidatingAdmissionPolicy
	binding *admissionv1.ValidatingAdmissionPolicyBinding
}

func newVAP() vap {
	rules := hook("x", false, nil).(*admissionv1.ValidatingWebhookConfiguration).Webhooks[0].Rules
	meta := metav1.ObjectMeta{Name: "digests-only", CreationTimestamp: metav1.NewTime(morning)}
	return vap{
		policy: &admissionv1.ValidatingAdmissionPolicy{
			TypeMeta: kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"), ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicySpec{
				MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{
					{RuleWithOperations: rules[0]},
				}},
				Variables: []admissionv1.Variable{{Name: "images", Expression: "object.spec.containers.map(c, c.image)"}},
			},
		},
		binding: &admissionv1.ValidatingAdmissionPolicyBinding{
			TypeMeta: kind("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"), ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName: "digests-only", ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
			},
		},
	}
}

// How a policy of the API server stood before the pod, by its own selectors and by those of its binding.
func TestStandingOfAdmissionPolicies(t *testing.T) {
	stage := &metav1.LabelSelector{MatchLabels: map[string]string{"env": "stage"}}
	ignore := admissionv1.Ignore
	for name, tt := range map[string]struct {
		change func(w *world, v vap)
		status inspect.GateStatus
		reason inspect.GateReason
		detail string
	}{
		"in force": {func(*world, vap) {}, inspect.GatePassed, "", "evaluated the pod: admitted"},
		"namespace not selected": {
			func(_ *world, v vap) { v.policy.Spec.MatchConstraints.NamespaceSelector = stage },
			inspect.GateNotEnforced, inspect.GateNotSelected, "namespaceSelector env=stage does not match namespace shop",
		},
		"object not selected": {
			func(_ *world, v vap) { v.policy.Spec.MatchConstraints.ObjectSelector = stage },
			inspect.GateNotEnforced, inspect.GateNotSelected, "objectSelector env=stage does not match the pod",
		},
		"not bound": {
			func(_ *world, v vap) { v.binding.Spec.PolicyName = "another" },
			inspect.GateNotEnforced, inspect.GateNotBound, "no binding puts it into force",
		},
		"binding elsewhere": {func(_ *world, v vap) {
			v.binding.Spec.MatchResources = &admissionv1.MatchResources{NamespaceSelector: stage}
		}, inspect.GateNotEnforced, inspect.GateNotSelected, "binding digests-only: namespaceSelector env=stage does not match"},
		"binding of other resources": {func(_ *world, v vap) {
			rule := v.policy.Spec.MatchConstraints.ResourceRules[0]
			rule.Resources = []string{"secrets"}
			v.binding.Spec.MatchResources = &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{rule}}
		}, inspect.GateNotEnforced, inspect.GateNotBound, "no binding"},
		"later than the pod": {
			func(w *world, _ vap) { w.pod.CreationTimestamp = metav1.NewTime(morning.Add(-time.Hour)) },
			inspect.GateNotEnforced, inspect.GateSetUpLater, "after the pod was admitted",
		},
		"audit": {func(_ *world, v vap) {
			v.binding.Spec.ValidationActions = []admissionv1.ValidationAction{admissionv1.Audit}
		}, inspect.GateNotEnforced, inspect.GateWarnsOnly, "only warns or audits"},
		"fails open": {
			func(_ *world, v vap) { v.policy.Spec.FailurePolicy = &ignore },
			inspect.GateUnknown, inspect.GateFailsOpen, "failurePolicy Ignore",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, v := newWorld(), newVAP()
			tt.change(w, v)
			w.more = append(w.more, v.policy, v.binding)
			g := gateOf(w.look(t), "web", "admission policy digests-only")
			if g.Status != tt.status || g.Reason != tt.reason || !strings.Contains(g.Detail, tt.detail) {
				t.Errorf("got %s %q %q, want %s %q %q", g.Status, g.Reason, g.Detail, tt.status, tt.reason, tt.detail)
			}
			if g.Kind != inspect.GateKindAdmissionPolicy || g.By != inspect.APIServer || g.Object == nil || g.Object.Name != "digests-only" {
				t.Errorf("%+v of %+v", g, g.Object)
			}
		})
	}
}

// A policy about other resources is no gate of the pod.
func TestAdmissionPolicyOfOtherResources(t *testing.T) {
	w, v := newWorld(), newVAP()
	v.policy.Spec.MatchConstraints.ResourceRules[0].Resources = []string{"secrets"}
	without := newVAP()
	without.policy.Name, without.policy.Spec.MatchConstraints = "matches-nothing", nil
	w.more = append(w.more, v.policy, v.binding, without.policy)
	c := w.look(t)
	for _, name := range []string{"digests-only", "matches-nothing"} {
		if g := gateOf(c, "web", "admission policy "+name); g.Name != "" {
			t.Errorf("%+v", g)
		}
	}
}

// Bindings that are not in the dump leave it open whether a policy is in force.
func TestBindingsThatAreNotRead(t *testing.T) {
	w, v := newWorld(), newVAP()
	w.more = append(w.more, v.policy)
	g := gateOf(w.look(t), "web", "admission policy digests-only")
	if g.Status != inspect.GateUnknown || g.Reason != inspect.GateNotReadable {
		t.Errorf("%+v", g)
	}
}

// Each imagePullPolicy has its own way in which a tag that was moved reaches the node.
func TestTagsAndPullPolicies(t *testing.T) {
	for policy, says := range map[corev1.PullPolicy]string{
		corev1.PullAlways:       "Always resolves it again at each start",
		corev1.PullIfNotPresent: "IfNotPresent keeps what a node has",
		corev1.PullNever:        "Never uses what was loaded onto the node",
	} {
		w := newWorld()
		w.pod.Spec.Containers[0].ImagePullPolicy = policy
		w.pod.Spec.InitContainers = []corev1.Container{{Name: "init", Image: "reg.example/init:1", ImagePullPolicy: policy}}
		c := w.look(t)
		for _, container := range []string{"web", "init"} {
			if g := gateOf(c, container, cluster.GatePinned); g.Kind != inspect.GateKindPinned || !strings.Contains(g.Detail, says) {
				t.Errorf("%s, %s: %+v", policy, container, g)
			}
		}
	}
}

// The Pod Security standards restrict privileges. That they are enforced says nothing about the image.
func TestPodSecurityLevels(t *testing.T) {
	for level, want := range map[string]struct {
		status inspect.GateStatus
		reason inspect.GateReason
	}{
		"":           {inspect.GateNotEnforced, inspect.GateNoLabel},
		"privileged": {inspect.GateNotEnforced, ""},
		"restricted": {inspect.GatePassed, ""},
	} {
		w := newWorld()
		if level != "" {
			w.namespace.Labels = map[string]string{"pod-security.kubernetes.io/enforce": level}
		}
		g := gateOf(w.look(t), "web", cluster.GatePodSecurity)
		if g.Kind != inspect.GateKindPodSecurity || g.Status != want.status || g.Reason != want.reason {
			t.Errorf("level %q: %+v", level, g)
		}
	}
	w := newWorld()
	c := lookIn(t, w.pod, []any{w.pod, w.set, w.deployment})
	if g := gateOf(c, "web", cluster.GatePodSecurity); g.Status != inspect.GateUnknown || g.Reason != inspect.GateNotReadable {
		t.Errorf("a namespace that was not read: %+v", g)
	}
}
