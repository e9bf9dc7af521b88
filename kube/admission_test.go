package kube

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// surroundings is what stands around pod bare.
func surroundings() []any {
	policy := func(name, namespace, app string) any {
		return &networkingv1.NetworkPolicy{
			TypeMeta: kind("networking.k8s.io/v1", "NetworkPolicy"), ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
			Spec: networkingv1.NetworkPolicySpec{PodSelector: *selects(app)},
		}
	}
	event := func(name, uid string, hour int) any {
		e := &corev1.Event{TypeMeta: kind("v1", "Event"), ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop"}, Reason: name}
		e.InvolvedObject = corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "bare", UID: types.UID(uid)}
		e.LastTimestamp = metav1.NewTime(day.Add(time.Duration(hour) * time.Hour))
		return e
	}
	return []any{
		pod("bare", "bare", nil, nil, "reg.example/bare:1"),
		&corev1.Namespace{TypeMeta: kind("v1", "Namespace"), ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"team": "web"}}},
		policy("mine", "shop", "bare"), policy("elses", "shop", "web"), policy("far", "stock", "bare"),
		event("Started", "uid-bare", 2), event("Pulled", "uid-bare", 1), event("Killed", "uid-of-an-earlier-bare", 0),
		&admissionv1.ValidatingWebhookConfiguration{TypeMeta: kind("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"), ObjectMeta: metav1.ObjectMeta{Name: "policy.sigstore.dev"}},
	}
}

// A live cluster and a dump of it say the same of what stands around a pod.
func TestSurroundings(t *testing.T) {
	for name, source := range map[string]Source{
		"cluster": serve(t, surroundings()...).open(t, ""), "snapshot": snapshotOf(t, surroundings()...),
	} {
		t.Run(name, func(t *testing.T) {
			ns, err := source.ReadNamespace(t.Context(), "shop")
			if err != nil || ns.Labels["team"] != "web" {
				t.Errorf("namespace: %v, %v", ns, err)
			}
			bare, err := source.Pod(t.Context(), "shop", "bare")
			if err != nil {
				t.Fatal(err)
			}
			policies, err := source.NetworkPolicies(t.Context(), bare)
			if err != nil || len(policies) != 1 || policies[0].Name != "mine" {
				t.Errorf("network policies: %v, %v", policies, err)
			}
			var kept []string
			ctx := WithTrace(t.Context(), Trace{Object: func(o Object) { kept = append(kept, o.Kind+" "+o.Name) }})
			events, err := source.Events(ctx, About{Kind: "Pod", Namespace: "shop", Name: "bare", UID: "uid-bare"})
			if err != nil || len(events) != 2 || events[0].Name != "Pulled" {
				t.Errorf("events: %v, %v", events, err)
			}
			if got := strings.Join(kept, ", "); len(kept) != 2 || !strings.Contains(got, "Event Pulled") {
				t.Errorf("told to the trace: %s", got)
			}
			hooks, err := source.ValidatingWebhooks(t.Context())
			if err != nil || len(hooks) != 1 || hooks[0].Name != "policy.sigstore.dev" {
				t.Errorf("webhooks: %v, %v", hooks, err)
			}
		})
	}
}

// A dump that holds none of a kind does not know whether the cluster has any; a cluster knows.
func TestNoneOfAKind(t *testing.T) {
	if hooks, err := serve(t, surroundings()...).open(t, "").MutatingWebhooks(t.Context()); err != nil || len(hooks) != 0 {
		t.Errorf("cluster: %v, %v", hooks, err)
	}
	_, err := snapshotOf(t, surroundings()...).MutatingWebhooks(t.Context())
	if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "snapshot shop.json has none") {
		t.Errorf("snapshot: %v", err)
	}
}

// Events are asked for by the name of their object: those of a namespace are many.
func TestEventsAreAskedForByName(t *testing.T) {
	server := serve(t, surroundings()...)
	var asked string
	server.hook = func(_ http.ResponseWriter, r *http.Request) bool {
		asked = r.URL.Query().Get("fieldSelector")
		return false
	}
	if _, err := server.open(t, "").Events(t.Context(), About{Kind: "Pod", Namespace: "shop", Name: "bare"}); err != nil {
		t.Fatal(err)
	}
	if asked != "involvedObject.name=bare" {
		t.Errorf("asked for %q", asked)
	}
}

func TestForbiddenWebhooks(t *testing.T) {
	server := serve(t, surroundings()...)
	server.hook = func(w http.ResponseWriter, r *http.Request) bool {
		answer(w, http.StatusForbidden, "Forbidden", "no")
		return true
	}
	if _, err := server.open(t, "").ValidatingWebhooks(t.Context()); !errors.Is(err, ErrForbidden) {
		t.Errorf("%v", err)
	}
}
