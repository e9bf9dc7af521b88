package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/kube"
)

// enforcementOf is that of a dump with two namespaces, of which one has the label of policy-controller.
func enforcementOf(t *testing.T, more ...any) (*cluster.Enforcement, error) {
	t.Helper()
	include := map[string]string{"policy.sigstore.dev/include": "true"}
	list := []any{
		&corev1.Namespace{TypeMeta: kind("v1", "Namespace"), ObjectMeta: metav1.ObjectMeta{Name: "shop"}},
		&corev1.Namespace{
			TypeMeta: kind("v1", "Namespace"), ObjectMeta: metav1.ObjectMeta{Name: "pay", Labels: include},
		},
	}
	raw, err := json.Marshal(map[string]any{"kind": "List", "apiVersion": "v1", "items": append(list, more...)})
	if err != nil {
		t.Fatal(err)
	}
	dump, err := kube.ParseSnapshot("dump.json", raw)
	if err != nil {
		t.Fatal(err)
	}
	return cluster.ReadEnforcement(t.Context(), dump)
}

func TestEnforcementOfANamespace(t *testing.T) {
	chosen := func(v *admissionv1.ValidatingWebhook) {
		v.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	}
	configMaps := func(v *admissionv1.ValidatingWebhook) {
		v.Rules = []admissionv1.RuleWithOperations{{
			Operations: []admissionv1.OperationType{admissionv1.Create},
			Rule: admissionv1.Rule{
				APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"},
			},
		}}
	}
	for name, tt := range map[string]struct {
		hook      any
		namespace string
		status    inspect.GateStatus
		text      string
	}{
		"labelled":       {hook("policy.sigstore.dev", false, included), "pay", inspect.GatePassed, "is called for new pods"},
		"without label":  {hook("policy.sigstore.dev", false, included), "shop", inspect.GateNotEnforced, "label policy.sigstore.dev/include is missing"},
		"all":            {hook("policy.sigstore.dev", false, nil), "shop", inspect.GatePassed, "is called"},
		"fails open":     {hook("policy.sigstore.dev", false, ignoring), "shop", inspect.GateUnknown, "failurePolicy Ignore"},
		"some pods":      {hook("policy.sigstore.dev", false, chosen), "shop", inspect.GateUnknown, "objectSelector"},
		"other objects":  {hook("policy.sigstore.dev", false, configMaps), "shop", inspect.GateNotEnforced, "no webhook of"},
		"another's":      {hook("kyverno", false, nil), "shop", inspect.GateNotEnforced, "no webhook of policy-controller"},
		"a namespace":    {hook("policy.sigstore.dev", false, included), "gone", inspect.GateUnknown, "could not be read"},
		"no need of one": {hook("policy.sigstore.dev", false, nil), "gone", inspect.GatePassed, "is called"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := enforcementOf(t, tt.hook)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second answer is that of what was read once
				status, text := e.Of(t.Context(), inspect.PolicyController, tt.namespace)
				if status != tt.status || !strings.Contains(text, tt.text) {
					t.Errorf("%s: %s", status, text)
				}
			}
			if len(e.Names()) != 1 {
				t.Errorf("webhooks %v", e.Names())
			}
		})
	}
}

// refusing is a cluster that does not show its webhooks.
type refusing struct{ kube.Source }

func (refusing) ValidatingWebhooks(context.Context) ([]admissionv1.ValidatingWebhookConfiguration, error) {
	return nil, errors.New("forbidden")
}

// That no webhook is enforced must not follow from a list that could not be read.
func TestWebhooksThatAreNotShownAreNotAbsent(t *testing.T) {
	_, err := cluster.ReadEnforcement(t.Context(), refusing{})
	if err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("refused: %v", err)
	}
	if _, err := enforcementOf(t); err == nil || !strings.Contains(err.Error(), "kubectl get") {
		t.Errorf("not dumped: %v", err)
	}
	var none *cluster.Enforcement
	if len(none.Names()) != 0 {
		t.Errorf("webhooks %v", none.Names())
	}
}
