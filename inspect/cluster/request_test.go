package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

func TestRulesOfWebhooks(t *testing.T) {
	create, all := admissionv1.Create, admissionv1.OperationAll
	namespaced, clusterWide := admissionv1.NamespacedScope, admissionv1.ClusterScope
	pod := request{version: "v1", resource: "pods", operation: create}
	debug := request{version: "v1", resource: "pods/ephemeralcontainers", operation: admissionv1.Update}
	deployment := request{group: "apps", version: "v1", resource: "deployments", operation: create}
	rule := func(operation admissionv1.OperationType, group, version string, scope *admissionv1.ScopeType, resources ...string) admissionv1.RuleWithOperations {
		return admissionv1.RuleWithOperations{Operations: []admissionv1.OperationType{operation}, Rule: admissionv1.Rule{
			APIGroups: []string{group}, APIVersions: []string{version}, Resources: resources, Scope: scope,
		}}
	}
	for name, tt := range map[string]struct {
		rule                   admissionv1.RuleWithOperations
		pod, debug, deployment bool
	}{
		"pods":                           {rule(create, "", "v1", nil, "pods"), true, false, false},
		"pods, whatever is done":         {rule(all, "", "v1", nil, "pods"), true, false, false},
		"pods, when they are deleted":    {rule(admissionv1.Delete, "", "v1", nil, "pods"), false, false, false},
		"every resource":                 {rule(all, "*", "*", nil, "*"), true, false, true},
		"with subresources":              {rule(all, "*", "*", nil, "*/*"), true, true, true},
		"subresources of pods":           {rule(all, "", "v1", nil, "pods/*"), false, true, false},
		"debug containers of anything":   {rule(all, "*", "v1", nil, "*/ephemeralcontainers"), false, true, false},
		"debug containers, when created": {rule(create, "", "v1", nil, "pods/ephemeralcontainers"), false, false, false},
		"another group":                  {rule(create, "batch", "v1", nil, "*"), false, false, false},
		"another version":                {rule(create, "apps", "v1beta1", nil, "deployments"), false, false, false},
		"deployments":                    {rule(create, "apps", "v1", nil, "deployments"), false, false, true},
		"of namespaces":                  {rule(create, "*", "*", &namespaced, "*"), true, false, true},
		"of no namespace":                {rule(create, "*", "*", &clusterWide, "*"), false, false, false},
		"no resource":                    {rule(create, "*", "*", nil), false, false, false},
	} {
		rules := []admissionv1.RuleWithOperations{rule(create, "none", "v0", nil, "nothing"), tt.rule}
		for what, one := range map[string]struct {
			r    request
			want bool
		}{"pod": {pod, tt.pod}, "debug container": {debug, tt.debug}, "deployment": {deployment, tt.deployment}} {
			if got := one.r.ruledBy(rules); got != one.want {
				t.Errorf("%s: about a %s %v, want %v", name, what, got, one.want)
			}
		}
	}
}

// A selector that cannot be read, as a dump may hold one, is neither a webhook that looked nor one that did not.
func TestSelectorsOfAGate(t *testing.T) {
	with := func(key, operator string, values ...string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key:      key,
			Operator: metav1.LabelSelectorOperator(operator), Values: values,
		}}}
	}
	s := &scene{pod: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}}}
	s.namespace.labels = map[string]string{"team": "web"}
	r := request{what: "the pod", labels: map[string]string{"app": "web"}}
	for name, tt := range map[string]struct {
		namespace, object *metav1.LabelSelector
		want              choice
	}{
		"without selectors":       {nil, nil, picked},
		"empty ones":              {&metav1.LabelSelector{}, &metav1.LabelSelector{}, picked},
		"by its labels":           {nil, with("app", "In", "web", "api"), picked},
		"others by their labels":  {nil, with("app", "NotIn", "web"), passedOver},
		"by the namespace":        {with("team", "Exists"), nil, picked},
		"by the namespace's name": {with("kubernetes.io/metadata.name", "In", "shop"), nil, picked},
		"other namespaces":        {with("kubernetes.io/metadata.name", "NotIn", "shop", "kube-system"), nil, passedOver},
		"one that is broken":      {nil, with("app", "Resembles", "web"), notKnown},
		"a broken namespace":      {with("team", "In"), nil, notKnown},
		"broken, and passed over": {with("team", "In"), with("app", "NotIn", "web"), passedOver},
	} {
		if got, reason := s.choose(r, tt.namespace, tt.object); got != tt.want || (reason == "") != (got == picked) {
			t.Errorf("%s: %d (%s), want %d", name, got, reason, tt.want)
		}
	}
	s.namespace.err = errors.New("forbidden")
	if got, reason := s.choose(r, with("team", "Exists"), nil); got != notKnown || !strings.Contains(reason, "shop") {
		t.Errorf("labels that could not be read: %d (%s)", got, reason)
	}
	if got, _ := s.choose(r, nil, nil); got != picked {
		t.Errorf("labels that nothing asks for: %d", got)
	}
	h := hook{
		name: "verify.example", rules: []admissionv1.RuleWithOperations{{
			Operations: []admissionv1.OperationType{"*"},
			Rule:       admissionv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*"}},
		}},
		object: with("app", "Resembles", "web"),
	}
	if how, concerned := s.stand(h, []request{r}); !concerned || how.status != inspect.GateUnknown {
		t.Errorf("a webhook with a broken selector: %+v", how)
	}
}

func TestVersionsOfCharts(t *testing.T) {
	for label, want := range map[string][2]string{
		"web-1.2.3":                    {"web", "1.2.3"},
		"my-web-1.2.3_b":               {"my-web", "1.2.3+b"},
		"web-1.2.3-rc.1":               {"web", "1.2.3-rc.1"},
		"cert-manager-v1.12.0":         {"cert-manager", "v1.12.0"},
		"redis-6-17.0.1":               {"redis-6", "17.0.1"},
		"kube-prometheus-stack-45.7.1": {"kube-prometheus-stack", "45.7.1"},
		"web":                          {"web", ""},
		"web-":                         {"web-", ""},
		"web-1":                        {"web-1", ""},
		"-1.2":                         {"", "1.2"},
		"":                             {"", ""},
	} {
		if name, version := splitChart(label); name != want[0] || version != want[1] {
			t.Errorf("%s: %q and %q", label, name, version)
		}
	}
}

func TestWhatChangedOfAPod(t *testing.T) {
	base := func() *corev1.Pod {
		controller := true
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: "web-1", Labels: map[string]string{"app": "web"},
				Annotations: map[string]string{"note": "secret-1"}, OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-7d", Controller: &controller}},
			},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "reg.example/web:1"}}},
			Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
				Name:    "web",
				ImageID: "reg.example/web@sha256:" + strings.Repeat("1", 64), ContainerID: "containerd://one",
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
			}}},
		}
	}
	for name, tt := range map[string]struct {
		change func(*corev1.Pod)
		want   string
	}{
		"nothing":       {func(*corev1.Pod) {}, ""},
		"it is to go":   {func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Unix(0, 0)} }, "deletion requested, to end by 1970-01-01 00:00:00Z"},
		"it failed":     {func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted" }, "Failed, was Running (Evicted)"},
		"quarantined":   {func(p *corev1.Pod) { p.Labels, p.OwnerReferences = map[string]string{"q": "1"}, nil }, "its owner is none, was ReplicaSet web-7d; label set: q=1; label removed: app"},
		"another image": {func(p *corev1.Pod) { p.Spec.Containers[0].Image = "evil.example/x" }, "the image of container web was set to evil.example/x"},
		"another digest": {func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].ImageID = "reg.example/web@sha256:" + strings.Repeat("2", 64)
		}, "container web runs sha256:" + strings.Repeat("2", 64) + ", was sha256:" + strings.Repeat("1", 64)},
		"it restarted": {func(p *corev1.Pod) {
			s := &p.Status.ContainerStatuses[0]
			s.ContainerID, s.RestartCount = "containerd://two", 3
		}, "container web restarted (3 restarts)"},
		"a debug container": {func(p *corev1.Pod) {
			p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "dbg", Image: "busybox"}}}
		}, "container dbg (ephemeral) was attached, with image busybox"},
		"an annotation":      {func(p *corev1.Pod) { p.Annotations["note"] = "secret-2" }, "annotation set: note"}, // its value may be anything
		"an annotation gone": {func(p *corev1.Pod) { p.Annotations = nil }, "annotation removed: note"},
	} {
		now := base()
		tt.change(now)
		if got := strings.Join(differences(base(), now), "; "); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	many := base()
	for n := range 3 * maxDifferences {
		many.Spec.Containers = append(many.Spec.Containers, corev1.Container{Name: fmt.Sprint("c", n)})
	}
	if got := differences(base(), many); len(got) != maxDifferences {
		t.Errorf("%d differences", len(got))
	}
}

// Whatever values a chart has, nothing but what names an image is kept, and what was taken out is listed.
func TestNothingButImagesIsKeptOfValues(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	keys := []string{"image", "Tag", "password", "env", "token", "pullPolicy", "registry", "x"}
	secrets := 0
	var make func(key string, depth int) any
	make = func(key string, depth int) any {
		switch r.IntN(4 - min(depth, 2)) {
		case 2:
			all := map[string]any{}
			for range 3 {
				k := keys[r.IntN(len(keys))]
				all[k] = make(k, depth+1)
			}
			return all
		case 3:
			return []any{make(key, depth+1), make(key, depth+1)}
		}
		if isImageKey(key) {
			return "plain"
		}
		secrets++
		return "hunter2"
	}
	for range 300 {
		raw, err := json.Marshal(map[string]any{"a": make("a", 0), "image": make("image", 0)})
		if err != nil {
			t.Fatal(err)
		}
		v, taken := withheld(raw)
		kept, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(kept), "hunter2") {
			t.Fatalf("kept %s of %s", kept, raw)
		}
		if n := strings.Count(string(raw), "hunter2"); n != len(taken) || strings.Count(string(kept), "plain") != strings.Count(string(raw), "plain") {
			t.Fatalf("%d values were taken out, %d are listed: %q of %s", n, len(taken), taken, raw)
		}
	}
	if secrets == 0 {
		t.Error("no value was to be withheld")
	}
}

func TestIsolationByNetworkPolicies(t *testing.T) {
	policy := func(name string, egress bool, types ...networkingv1.PolicyType) networkingv1.NetworkPolicy {
		p := networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: networkingv1.NetworkPolicySpec{PolicyTypes: types}}
		if egress {
			p.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{}}
		}
		return p
	}
	const in, out = networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress
	for want, list := range map[string][]networkingv1.NetworkPolicy{
		"":               nil,
		"ingress":        {policy("a", false), policy("b", true, in)}, // types that are named count, not the rules
		"egress":         {policy("a", false, out)},
		"egress ingress": {policy("a", true), policy("b", false, in)},
	} {
		names, isolated := isolation(list)
		if got := strings.Join(isolated, " "); got != want || len(names) != len(list) {
			t.Errorf("%d policies: %q, want %q", len(list), got, want)
		}
	}
	if _, isolated := isolation([]networkingv1.NetworkPolicy{policy("a", false, "Sideways")}); len(isolated) > 0 {
		t.Errorf("a type that is not known isolates: %q", isolated)
	}
}

func TestEventsOfTheTimeline(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC))
	var list []corev1.Event
	for n := range maxMoments + 5 {
		list = append(list, corev1.Event{
			Reason: "Pulled", Message: strings.Repeat("é", n), LastTimestamp: at, Count: int32(n % 3),
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "web-1"},
		})
	}
	list = append(list, corev1.Event{Reason: "Timeless"})
	all := momentsOf(list)
	if len(all) != maxMoments || !strings.HasPrefix(all[0].What, "Pulled: ééééé") {
		t.Fatalf("%d moments, the first is %q", len(all), all[0].What)
	}
	for _, m := range all {
		what, _, _ := strings.Cut(m.What, " (2 times)")
		if n := len([]rune(what)); n > maxMessage || strings.Contains(m.What, "\uFFFD") || m.Trust != inspect.ByCluster {
			t.Fatalf("%d characters of %q", n, m.What)
		}
	}
}

func TestWhoOwnsAField(t *testing.T) {
	entry := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	path := []string{"spec", "containers", "k:web", "image"}
	for name, tt := range map[string]struct {
		fields string
		want   bool
	}{
		"the image":           {`{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{"f:image":{}}}}}`, true},
		"of another":          {`{"f:spec":{"f:containers":{"k:{\"name\":\"api\"}":{"f:image":{}}}}}`, false},
		"another field":       {`{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{"f:env":{}}}}}`, false},
		"by a value, no key":  {`{"f:spec":{"f:containers":{"v:\"web\"":{"f:image":{}}}}}`, false},
		"a key that is none":  {`{"f:spec":{"f:containers":{"k:{":{"f:image":{}}}}}`, false},
		"no object":           {`[]`, false},
		"cut off":             {`{"f:spec":{`, false},
		"deeper than allowed": {strings.Repeat(`{"f:spec":`, 20_000) + "{}" + strings.Repeat("}", 20_000), false},
		"larger than allowed": {`{"f:x":"` + strings.Repeat("x", maxFields) + `"}`, false},
	} {
		if got := setters([]metav1.ManagedFieldsEntry{entry("m", tt.fields), {Manager: "none"}}, path...); (len(got) == 1) != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for manager, want := range map[string]string{
		"argocd-controller": "tool", "Helm": "tool", "kubectl-edit": "hand", "K9s": "hand",
		"kubectl-client-side-apply": "kubectl", "oc": "kubectl", "my-operator": "", "": "",
	} {
		got := ""
		switch {
		case isTool(manager):
			got = "tool"
		case isHand(manager):
			got = "hand"
		case isKubectl(manager):
			got = "kubectl"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", manager, got, want)
		}
	}
}

// A tag and the manifests of its index are one image in either direction, and only with each other.
func TestSameImageToday(t *testing.T) {
	now := today{digest: "index", manifests: []string{"amd64", "arm64"}}
	family := []string{"index", "amd64", "arm64"}
	for _, a := range []string{"index", "amd64", "arm64", "old", ""} {
		for _, b := range []string{"index", "amd64", "arm64", "old", ""} {
			want := a == b || slices.Contains(family, a) && slices.Contains(family, b)
			if now.same(a, b) != want || now.same(a, b) != now.same(b, a) {
				t.Errorf("%q and %q: %v", a, b, now.same(a, b))
			}
		}
	}
	for reference, want := range map[string][2]string{
		"web": {"latest", ""}, "reg:5000/web": {"latest", ""}, "reg:5000/web:2": {"2", ""},
		"web:1@sha256:a": {"1", "sha256:a"}, "web@sha256:a": {"", "sha256:a"},
	} {
		if tag, digest := parts(reference); tag != want[0] || digest != want[1] {
			t.Errorf("%s: %q %q", reference, tag, digest)
		}
	}
}

func TestImagesOfOthersAreInTheOrderOfTheirNearness(t *testing.T) {
	peer := func(namespace, name string, digests ...string) kube.Peer {
		p := kube.Peer{Namespace: namespace, Name: name}
		for _, d := range digests {
			p.Containers = append(p.Containers, kube.PeerContainer{
				Name: "c", Reference: "reg.example/" + d + ":1",
				Image: kube.ImageID{Kind: kube.IDRepo, Repository: "reg.example/" + d, Digest: "sha256:" + strings.Repeat(d, 64)},
			})
		}
		return p
	}
	all := []kube.Peer{peer("far", "x", "a"), peer("far", "y", "a"), peer("far", "z", "b", "b"), peer("shop", "w", "c")}
	var order []string
	for _, g := range groups(all, "shop") {
		order = append(order, fmt.Sprintf("%s%d", g.digest[7:8], len(g.pods)))
	}
	if got := strings.Join(order, " "); got != "c1 a2 b1" {
		t.Errorf("order %s", got)
	}
	if got := groups([]kube.Peer{{Containers: []kube.PeerContainer{{Reference: "web", Image: kube.ImageID{Kind: kube.IDConfig, Digest: "sha256:1"}}}}}, ""); len(got) > 0 {
		t.Errorf("a config's digest names no manifest: %+v", got[0])
	}
}
