package triage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
)

const (
	hex64   = "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"
	digestA = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	digestB = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// at is when the alerts of the examples were raised.
var at = time.Date(2026, 3, 1, 8, 1, 2, 500_000_000, time.UTC)

// one is an alert about container web of web-0, changed.
func one(change func(a *alert.Alert)) alert.Alert {
	a := alert.Alert{Alert: inspect.Alert{
		Source: alert.SourceFalco, Rule: "Drop and execute new binary in container", Priority: "Critical",
		Time:      inspect.At(at),
		Namespace: "shop", Pod: "web-0", Container: "web", ContainerID: "3ad7b26ded6d", Path: "/tmp/.x/kd",
		Image: "reg.example/web:1", Flags: []string{"EXE_WRITABLE", inspect.FlagUpper},
	}, Node: "node1"}
	change(&a)
	return a
}

// webPod is a pod shop/NAME created ten minutes before the alerts, with one container web.
func webPod(name, id, digest string) *corev1.Pod {
	begun := metav1.NewTime(at.Add(-10 * time.Minute))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, UID: types.UID("uid-" + name), CreationTimestamp: begun,
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "reg.example/web:1"}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "web", Image: "reg.example/web:1", ImageID: "reg.example/web@" + digest,
			ContainerID: "containerd://" + id,
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: begun}},
		}}},
	}
}

func containerOf(digit string) string { return strings.Repeat(digit, fullID) }

// cluster has web-0 and web-1 of the same image, web-2 of another digest under the same tag, and a
// container of web-0 that ended.
func cluster() *Index {
	x := NewIndex()
	web0 := webPod("web-0", hex64, digestA)
	web0.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
		ContainerID: "containerd://" + containerOf("e"),
	}
	x.Add(web0)
	x.Add(webPod("web-1", containerOf("b"), digestA))
	x.Add(webPod("web-2", containerOf("c"), digestB))
	return x
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		name  string
		alert alert.Alert
		how   string
		hits  string
		why   string // a part of it
	}{
		{
			"the container's ID, as Falco cuts it", one(func(*alert.Alert) {}), "container-id", "web-0/web",
			"3ad7b26ded6d is the ID of container web",
		},
		{
			"as Tetragon cuts it",
			alert.Alert{Alert: inspect.Alert{ContainerID: hex64[:31]}},
			"container-id", "web-0/web", "",
		},
		{
			"the ID counts more than the name", one(func(a *alert.Alert) { a.Pod = "web-1" }),
			"container-id", "web-0/web", "though the alert names pod shop/web-1",
		},
		{
			"a run that has ended",
			alert.Alert{Alert: inspect.Alert{ContainerID: strings.Repeat("e", 12)}},
			"container-id", "web-0/web", "an earlier run of container web",
		},
		{
			"the digest of one pod",
			alert.Alert{Digest: digestB},
			"digest", "web-2/web", "only container web of shop/web-2 runs",
		},
		{
			"the digest of two pods",
			alert.Alert{Digest: digestA},
			"digest", "web-0/web web-1/web", "2 containers run",
		},
		{
			"the digest of two pods, with a name",
			alert.Alert{Alert: inspect.Alert{Namespace: "shop", Pod: "web-1"}, Digest: digestA},
			"digest", "web-1/web", "",
		},
		{
			"the name", one(func(a *alert.Alert) { a.ContainerID = strings.Repeat("9", 12) }),
			"pod", "web-0/web", "no pod has a container of ID 999999999999",
		},
		{
			"the name, two minutes before the pod",
			one(func(a *alert.Alert) { a.ContainerID, a.Time = "", inspect.At(at.Add(-12*time.Minute)) }),
			"pod", "web-0/web", "",
		},
		{
			"the name, older than the pod",
			one(func(a *alert.Alert) { a.ContainerID, a.Time = "", inspect.At(at.Add(-13*time.Minute)) }),
			"none", "", "it is of an earlier pod of the name shop/web-0",
		},
		{
			"the name, and a time of day only",
			one(
				func(a *alert.Alert) { a.ContainerID, a.Time, a.Imprecise = "", inspect.At(at.AddDate(0, 0, -1)), true },
			),
			"pod", "web-0/web", "not known well enough",
		},
		{
			"a name without a namespace",
			alert.Alert{Alert: inspect.Alert{Pod: "web-0"}},
			"none", "", "names no container, image or pod",
		},
		{
			"the image",
			alert.Alert{Alert: inspect.Alert{Image: "reg.example/web:1", Container: "web", Namespace: "shop"}},
			"image", "web-0/web web-1/web web-2/web", "3 containers run reg.example/web:1",
		},
		{
			"a repository without a tag",
			alert.Alert{Alert: inspect.Alert{Image: "reg.example:5000/web"}},
			"none", "", "",
		},
		{
			"the image of another container name",
			alert.Alert{Alert: inspect.Alert{Image: "reg.example/web:1", Container: "db"}},
			"none", "", "no such container has image reg.example/web:1",
		},
		{
			"the node itself", one(func(a *alert.Alert) { a.ContainerID = inspect.HostID }),
			"none", "", "process of the node",
		},
		{
			"another cluster",
			alert.Alert{
				Alert:  inspect.Alert{ContainerID: containerOf("9"), Namespace: "bank", Pod: "teller", Image: "x:1"},
				Digest: containerOf("9"),
			},
			"none", "",
			"no pod has a container of ID 999999999999; no such container runs 9999999999999999999…; there is no pod bank/teller; no such container has image x:1",
		},
		{
			"a field that occurs twice",
			alert.Alert{Doubtful: []string{"k8s_pod_name"}},
			"none", "", "different values: k8s_pod_name",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := cluster().Match(&tt.alert)
			var hits []string
			for _, h := range got.Hits {
				hits = append(hits, h.Pod+"/"+h.Container)
			}
			if got.How != tt.how || strings.Join(hits, " ") != tt.hits || !strings.Contains(got.Why, tt.why) ||
				got.Why == "" {
				t.Errorf("got %s of %v: %s", got.How, hits, got.Why)
			}
		})
	}
}

// A pod's container that was restarted is another one than that of the alert.
func TestMatchNameOfRestarted(t *testing.T) {
	x := NewIndex()
	pod := webPod("web-0", hex64, digestA)
	pod.Status.ContainerStatuses[0].State.Running.StartedAt = metav1.NewTime(at.Add(time.Hour))
	x.Add(pod)
	a := one(func(a *alert.Alert) { a.ContainerID, a.Image = "", "" })
	if got := x.Match(&a); got.How != inspect.MatchNone ||
		!strings.Contains(got.Why, "an earlier container web of pod shop/web-0") {
		t.Errorf("got %+v", got)
	}
}

func TestMatchNameOfSeveralContainers(t *testing.T) {
	pod := webPod("web-0", hex64, digestA)
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "side", Image: "mesh:1"})
	x := NewIndex()
	x.Add(pod)
	for _, tt := range []struct {
		alert     inspect.Alert
		container string
	}{
		{inspect.Alert{Container: "side"}, "side"},
		{inspect.Alert{Image: "docker.io/library/mesh:1"}, "side"},
		{inspect.Alert{Container: "runtime-name"}, ""},
		{inspect.Alert{}, ""},
	} {
		tt.alert.Namespace, tt.alert.Pod = "shop", "web-0"
		got := x.byNameOnly(tt.alert)
		if len(got.Hits) != 1 || got.Hits[0].Container != tt.container {
			t.Errorf("%+v: got %+v", tt.alert, got)
		}
	}
}

func (x *Index) byNameOnly(a inspect.Alert) Match {
	m, _ := x.byName(&alert.Alert{Alert: a})
	return m
}

// Two containers whose IDs begin alike are told apart, or not at all.
func TestMatchAmbiguousID(t *testing.T) {
	x := NewIndex()
	x.Add(webPod("web-0", "aaaaaaaaaaaa"+strings.Repeat("0", 52), digestA))
	x.Add(webPod("web-1", "aaaaaaaaaaaa"+strings.Repeat("1", 52), digestA))
	short := alert.Alert{Alert: inspect.Alert{ContainerID: "aaaaaaaaaaaa"}}
	if got := x.Match(&short); got.How != inspect.MatchNone || !strings.Contains(got.Why, "several containers") {
		t.Errorf("got %+v", got)
	}
	long := alert.Alert{Alert: inspect.Alert{ContainerID: "aaaaaaaaaaaa1"}}
	if got := x.Match(&long); len(got.Hits) != 1 || got.Hits[0].Pod != "web-1" {
		t.Errorf("got %+v", got)
	}
}

func TestApply(t *testing.T) {
	a := alert.Alert{Alert: inspect.Alert{ContainerID: hex64[:12]}}
	m := cluster().Match(&a)
	Apply(m, &a.Alert)
	if a.Namespace != "shop" || a.Pod != "web-0" || a.Container != "web" || a.Alert.Match != inspect.MatchContainer ||
		a.Why == "" {
		t.Errorf("got %+v", a)
	}
	if containers, ok := m.Of("shop", "web-0"); !ok || !cmp.Equal(containers, []string{"web"}) {
		t.Errorf("got %v, %v", containers, ok)
	}
	if _, ok := m.Of("shop", "web-1"); ok {
		t.Error("web-1 is no hit")
	}
	several := alert.Alert{Digest: digestA}
	Apply(cluster().Match(&several), &several.Alert)
	if several.Pod != "" || several.Alert.Match != inspect.MatchDigest {
		t.Errorf("which of two pods it was is not known: %+v", several)
	}
}

func TestImageKey(t *testing.T) {
	for in, want := range map[string]string{
		"docker.io/library/nginx":           "nginx:latest",
		"nginx:latest":                      "nginx:latest",
		"index.docker.io/grafana/grafana:9": "grafana/grafana:9",
		"reg.example:5000/web":              "reg.example:5000/web:latest",
		"reg.example/web:1@" + digestA:      "reg.example/web:1",
		"reg.example/web@" + digestA:        "",
		digestA:                             "",
		"":                                  "",
	} {
		if got := imageKey(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// 100,000 alerts of every kind against 5,000 pods of one image.
func TestMatchFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	found, took := matchFlood(t, 5000)
	want := map[string]int{
		inspect.MatchContainer: 20_000, inspect.MatchDigest: 40_000, inspect.MatchPod: 20_000,
		inspect.MatchImage: 20_000,
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	_, few := matchFlood(t, maxHits)
	t.Logf("took %v, against %d pods %v", took, maxHits, few)
	if took > 10*few {
		t.Errorf("against 5,000 pods it takes %v, against %d %v", took, maxHits, few)
	}
}

// matchFlood matches 100,000 alerts with that many pods.
func matchFlood(t *testing.T, pods int) (found map[string]int, took time.Duration) {
	x := NewIndex()
	for i := range pods {
		x.Add(webPod(fmt.Sprintf("web-%d", i), fmt.Sprintf("%012x%052d", i, 0), digestA))
	}
	start := time.Now()
	found = map[string]int{}
	for i := range 100_000 {
		a := alert.Alert{Alert: inspect.Alert{Time: inspect.At(at)}}
		switch i % 5 {
		case 0:
			a.ContainerID = fmt.Sprintf("%012x", i/5%pods)
		case 1:
			a.Digest = digestA
		case 2:
			a.Digest, a.Namespace, a.Pod = digestA, "shop", fmt.Sprintf("web-%d", i%pods)
		case 3:
			a.Namespace, a.Pod = "shop", fmt.Sprintf("web-%d", i%pods)
		case 4:
			a.Image = "reg.example/web:1"
		}
		m := x.Match(&a)
		found[m.How]++
		if len(m.Hits) > maxHits {
			t.Fatalf("%d hits", len(m.Hits))
		}
	}
	return found, time.Since(start)
}

// A pod that is gone is found by its containers, and by name for what was said while it was there.
func TestMatchOfWhatIsGone(t *testing.T) {
	x := NewIndex()
	x.Add(webPod("db-0", hex64, digestA))
	if x.Add(webPod("db-0", hex64, digestA)) {
		t.Error("the same pod again changes nothing")
	}
	x.Gone("shop", "db-0", "uid-db-0", at.Add(30*time.Minute))
	next := webPod("db-0", containerOf("b"), digestB)
	next.UID, next.CreationTimestamp = "uid-2", metav1.NewTime(at.Add(time.Hour))
	next.Status.ContainerStatuses[0].State.Running.StartedAt = next.CreationTimestamp
	x.Add(next)
	for _, tt := range []struct {
		name  string
		alert alert.Alert
		uid   string
		why   string
	}{
		{"its container", alert.Alert{Alert: inspect.Alert{ContainerID: hex64[:12]}}, "uid-db-0", "whose pod is gone"},
		{
			"its name at its time",
			alert.Alert{Alert: inspect.Alert{Namespace: "shop", Pod: "db-0", Time: inspect.At(at)}},
			"uid-db-0", "",
		},
		{
			"its name now",
			alert.Alert{Alert: inspect.Alert{Namespace: "shop", Pod: "db-0", Time: inspect.At(at.Add(2 * time.Hour))}},
			"uid-2", "",
		},
		{
			"its name before both",
			alert.Alert{Alert: inspect.Alert{Namespace: "shop", Pod: "db-0", Time: inspect.At(at.Add(-time.Hour))}},
			"", "an earlier pod of the name",
		},
		{"its digest, which runs no more", alert.Alert{Digest: digestA}, "", "no such container runs"},
	} {
		got := x.Match(&tt.alert)
		uid := ""
		for _, h := range got.Hits {
			uid = h.UID
		}
		if uid != tt.uid || !strings.Contains(got.Why, tt.why) ||
			got.Earlier != (tt.why == "an earlier pod of the name") {
			t.Errorf("%s: %s: %s", tt.name, uid, got.Why)
		}
	}
	x.Forget("shop", "db-0", "uid-db-0")
	x.Forget("shop", "db-0", "uid-2")
	if len(x.rows)+len(x.ids)+len(x.digests)+len(x.names)+len(x.images)+len(x.nodes)+len(x.spaces) != 0 {
		t.Errorf("something is left: %+v", x)
	}
}

func TestContextFit(t *testing.T) {
	x := cluster()
	pod := webPod("on-node", containerOf("d"), digestA)
	pod.Spec.NodeName = "node1"
	x.Add(pod)
	named := func(ns, pod, id, node string) alert.Alert {
		return alert.Alert{Alert: inspect.Alert{Namespace: ns, Pod: pod, ContainerID: id}, Node: node}
	}
	for _, tt := range []struct {
		name    string
		alerts  []alert.Alert
		strange bool
	}{
		{"nothing", nil, false},
		{"a host alert of another node", []alert.Alert{named("", "", inspect.HostID, "elsewhere")}, false},
		{"a node alone", []alert.Alert{named("", "", "", "elsewhere")}, false},
		{"a pod of another cluster", []alert.Alert{named("bank", "teller", "", "elsewhere")}, true},
		{"a container of another cluster", []alert.Alert{named("", "", "999999999999", "")}, true},
		{
			"many, and one that is known by its container",
			[]alert.Alert{named("bank", "x", "", ""), named("bank", "y", hex64[:12], "")},
			false,
		},
		{"one that is known by its namespace", []alert.Alert{named("shop", "long-gone", "", "")}, false},
		{
			"one that is known by its node, with its domain",
			[]alert.Alert{named("bank", "x", "", "node1.example.com")},
			false,
		},
		{"a namespace that every cluster has", []alert.Alert{named("kube-system", "", "", "")}, false},
		{
			"a pod in a namespace that every cluster has",
			[]alert.Alert{named("kube-system", "etcd-other", "", "")},
			true,
		},
	} {
		var f ContextFit
		for i := range tt.alerts {
			f.Count(x, &tt.alerts[i])
		}
		if f.Mismatch() != tt.strange {
			t.Errorf("%s: %+v", tt.name, f)
		}
	}
}
