package kube

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestPicks(t *testing.T) {
	pod := map[string]string{"app": "web", "tier": "front"}
	expression := func(key string, op metav1.LabelSelectorOperator, values ...string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: key, Operator: op, Values: values}}}
	}
	for name, tt := range map[string]struct {
		selector *metav1.LabelSelector
		keys     []string
		picks    bool
	}{
		"labels":         {selects("web"), []string{"app"}, true},
		"other labels":   {selects("cart"), nil, false},
		"in":             {expression("tier", metav1.LabelSelectorOpIn, "front", "back"), []string{"tier"}, true},
		"exists":         {expression("app", metav1.LabelSelectorOpExists), []string{"app"}, true},
		"not in":         {expression("tier", metav1.LabelSelectorOpNotIn, "back"), nil, true}, // it picks the more without the label
		"does not exist": {expression("tier", metav1.LabelSelectorOpDoesNotExist), nil, false},
		"everything":     {&metav1.LabelSelector{}, nil, true},
		"broken":         {expression("tier", "Near"), nil, false},
		"none":           {nil, nil, false},
	} {
		if keys, picks := Picks(tt.selector, pod); picks != tt.picks || !slices.Equal(keys, tt.keys) {
			t.Errorf("%s: %v, %v", name, keys, picks)
		}
	}
}

func TestServices(t *testing.T) {
	service := func(name, namespace string, selector map[string]string) *corev1.Service {
		s := &corev1.Service{TypeMeta: kind("v1", "Service"), ObjectMeta: meta(name, 0, nil), Spec: corev1.ServiceSpec{Selector: selector}}
		s.Namespace = namespace
		return s
	}
	objects := append(shop(),
		service("web", "shop", map[string]string{"app": "web"}), service("outside", "shop", nil), service("other", "bank", map[string]string{"app": "web"}),
		service("narrow", "shop", map[string]string{"app": "web", "slot": "blue"}))
	for name, s := range map[string]Source{"cluster": serve(t, objects...).open(t, ""), "snapshot": snapshotOf(t, objects...)} {
		got, err := s.Services(t.Context(), mustPod(t, s, "web-new-a"))
		if err != nil || len(got) != 1 || got[0].Name != "web" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := snapshotOf(t, shop()...).Services(t.Context(), &corev1.Pod{ObjectMeta: meta("web", 0, nil)}); err == nil {
		t.Error("a dump without Services does not know them")
	}
}

func TestAFilterPicksAsKubectlDoes(t *testing.T) {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "web-0", Namespace: "shop", Labels: map[string]string{"app": "web", "tier": "front"},
	}}
	p.Spec.NodeName, p.Status.Phase = "node-1", corev1.PodRunning
	for name, tt := range map[string]struct {
		labels, fields string
		picks          bool
	}{
		"none":        {"", "", true},
		"equal":       {"app=web", "", true},
		"other":       {"app!=web", "", false},
		"set":         {"tier in (front,back),app", "", true},
		"phase":       {"", "status.phase=Running,spec.nodeName=node-1", true},
		"other phase": {"", "status.phase!=Running", false},
		"both":        {"app=web", "metadata.namespace=bank", false},
		"no network":  {"", "spec.hostNetwork=false", true},
	} {
		f, err := NewFilter(tt.labels, tt.fields)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.Picks(p) != tt.picks {
			t.Errorf("%s: picks %v", name, !tt.picks)
		}
	}
	f, err := NewFilter("app=web", "status.phase=Running")
	if err != nil || f.String() != "-l app=web --field-selector status.phase=Running" {
		t.Errorf("%q: %v", f, err)
	}
}

func TestAFilterThatCannotBeReadNamesItsFlag(t *testing.T) {
	for want, tt := range map[string][2]string{
		"-l":           {"app in web", ""},
		"status.phase": {"", "spec.image=x"}, // the fields that there are
		"field":        {"", "status.phase"},
	} {
		if _, err := NewFilter(tt[0], tt[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", tt, err)
		}
	}
}

func FuzzNewFilter(f *testing.F) {
	f.Add("app in (a,b),!c", "status.phase!=Running")
	f.Add("a=b,", "metadata.name=\\,x")
	f.Fuzz(func(_ *testing.T, byLabel, byField string) {
		if filter, err := NewFilter(byLabel, byField); err == nil {
			filter.Picks(&corev1.Pod{})
		}
	})
}
