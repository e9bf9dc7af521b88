package cluster_test

import (
	"context"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/kube"
)

// What may explain an injected container: webhooks, and an annotation, which anyone may write and which clears
// nothing.
func TestExplanationsOfAnInjection(t *testing.T) {
	istio := func(w *world) {
		w.pod.Annotations = map[string]string{"sidecar.istio.io/status": `{"containers":["proxy"]}`}
	}
	one := func(w *world) { w.more = append(w.more, hook("inject.mesh.example", true, nil)) }
	two := func(w *world) { one(w); w.more = append(w.more, hook("inject.other.example", true, nil)) }
	for name, tt := range map[string]struct {
		change []func(w *world)
		code   string
		says   string
	}{
		"nothing": {nil, inspect.CodeInjectedUnexplained, "nothing explains it"},
		"one webhook": {
			[]func(*world){one},
			inspect.CodeInjectedExplained,
			"webhook inject.mesh.example explains it",
		},
		"one webhook and a claim": {
			[]func(*world){one, istio},
			inspect.CodeInjectedExplained,
			"explains it, and annotation sidecar.istio.io/status names it",
		},
		"two webhooks": {
			[]func(*world){two},
			inspect.CodeInjectedExplained,
			"one of webhooks inject.mesh.example, inject.other.example may explain it",
		},
		"two webhooks and a claim": {
			[]func(*world){two, istio},
			inspect.CodeInjectedExplained,
			"may explain it, and annotation sidecar.istio.io/status",
		},
		"a claim alone":              {[]func(*world){istio}, inspect.CodeInjectedExplained, "no webhook"},
		"a claim that does not hold": {[]func(*world){func(w *world) { w.pod.Annotations = map[string]string{"sidecar.istio.io/status": "{"} }}, inspect.CodeInjectedUnexplained, ""},
		"linkerd's annotation names others": {[]func(*world){func(w *world) {
			w.pod.Annotations = map[string]string{"linkerd.io/proxy-version": "1"}
		}}, inspect.CodeInjectedUnexplained, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.inject(0, digestMine)
			for _, change := range tt.change {
				change(w)
			}
			f, ok := findingOf(w.look(t), tt.code)
			if !ok || !strings.Contains(f.Title+" "+f.Detail, tt.says) {
				t.Errorf("got %t %q; %q", ok, f.Title, f.Detail)
			}
		})
	}
}

// The same sidecar elsewhere: with the same image, with another, or with both.
func TestSidecarsOfOtherWorkloads(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(w *world)
		code   string
		says   string
	}{
		"nobody else": {
			func(*world) {}, inspect.CodeInjectedExplained,
			"no other workload has a container of this name",
		},
		"two with this image": {
			func(w *world) { w.more = append(w.more, siblings(digestMine, "a", "b")...) },
			inspect.CodeInjectedExplained, "its image is that of shop/a, shop/b",
		},
		"many with this image": {func(w *world) {
			w.more = append(w.more, siblings(digestMine, "a", "b", "c",
				"d")...)
		}, inspect.CodeInjectedEverywhere, "in 4 other workloads"},
		"all with another": {
			func(w *world) { w.more = append(w.more, siblings(digestOther, "a", "b")...) },
			inspect.CodeInjectedOtherImage, "another image than 2 other workloads",
		},
		"some with another": {func(w *world) {
			w.more = append(w.more, append(siblings(digestMine, "a"), siblings(digestOther, "b", "c", "d", "e")...)...)
		}, inspect.CodeInjectedExplained, "its image is that of shop/a; shop/b, shop/c, shop/d and 1 more got another"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.inject(0, digestMine)
			w.more = append(w.more, hook("inject.mesh.example", true, nil))
			tt.change(w)
			f, ok := findingOf(w.look(t), tt.code)
			if !ok || !strings.Contains(f.Title+" "+f.Detail, tt.says) {
				t.Errorf("got %t %q; %q", ok, f.Title, f.Detail)
			}
		})
	}
}

// siblings are pods of other workloads with the sidecar proxy.
func siblings(digest string, workloads ...string) []any {
	var all []any
	for _, name := range workloads {
		all = append(all, podOf(name+"-1", name, "proxy", "reg.example/proxy:1", digest))
	}
	return all
}

// Services send traffic to the pod by its labels: a responder who changes the labels takes it from them.
func TestServicesOfThePod(t *testing.T) {
	w := newWorld()
	service := func(name string, selector map[string]string) any {
		return &corev1.Service{
			TypeMeta: kind("v1", "Service"), ObjectMeta: named(name),
			Spec: corev1.ServiceSpec{Selector: selector},
		}
	}
	w.more = append(w.more, service("front", map[string]string{"app": "web"}), service("other",
		map[string]string{"app": "cart"}), service("manual", nil))
	pod := w.look(t).Pod
	var found []string
	for _, s := range pod.Selectors {
		if s.Kind == "Service" {
			found = append(found, s.Name+" "+strings.Join(s.Keys, ","))
		}
	}
	if len(found) != 1 || found[0] != "front app" {
		t.Errorf("got %v", found)
	}
	if pod.Reach.Lacks(inspect.ReachServices) {
		t.Errorf("Services were read: %+v", pod.Reach.Unseen)
	}
}

// The cloud's role stands in an annotation of the service account; the name of one that cannot be read is not made up.
func TestServiceAccountThatIsNotRead(t *testing.T) {
	w := newWorld()
	w.pod.Spec.ServiceAccountName = "shop"
	r := w.look(t).Pod.Reach
	if !r.Lacks(inspect.ReachServiceAccount) || len(r.Roles) != 0 {
		t.Errorf("%+v", r)
	}
	w.more = append(w.more, &corev1.ServiceAccount{
		TypeMeta: kind("v1", "ServiceAccount"),
		ObjectMeta: metav1.ObjectMeta{
			Name: "shop", Namespace: "shop",
			Annotations: map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/web"},
		},
	})
	r = w.look(t).Pod.Reach
	if r.Lacks(inspect.ReachServiceAccount) || len(r.Roles) != 1 ||
		r.Roles[0].String() != "AWS arn:aws:iam::1:role/web" {
		t.Errorf("%+v", r)
	}
}

// defective is a cluster one of whose reads panics.
type defective struct{ kube.Source }

func (defective) Services(context.Context, *corev1.Pod) ([]corev1.Service, error) {
	panic("no services")
}

func (defective) ValidatingWebhooks(context.Context) ([]admissionv1.ValidatingWebhookConfiguration, error) {
	panic("no webhooks")
}

// A panic in one of the reads ends its check with the reason, and neither the program nor the other checks.
func TestAPanicEndsOneCheck(t *testing.T) {
	w := newWorld()
	o := cluster.Options{Cluster: defective{sourceOf(t, []any{w.namespace, w.deployment, w.set, w.pod})}, Pod: w.pod}
	c := runChecks(t, []inspect.Event{{Fact: inspect.Pod{Name: w.pod.Name}}}, cluster.Events(o), cluster.Check(o),
		cluster.Reach(o))
	for name, says := range map[string]string{inspect.CheckCluster: "no webhooks", inspect.CheckReach: "no services"} {
		if state, _ := c.Check(name, ""); state.Status == inspect.CheckDone || !strings.Contains(state.Reason, says) {
			t.Errorf("%s: %+v", name, state)
		}
	}
	if state, _ := c.Check(inspect.CheckEvents, ""); state.Status == inspect.CheckBlocked &&
		strings.Contains(state.Reason, "defect") {
		t.Errorf("the events: %+v", state)
	}
}
