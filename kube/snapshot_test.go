package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A folder of files in every form that kubectl and people write.
func TestLoadDirectory(t *testing.T) {
	dir := t.TempDir()
	one, err := json.Marshal(pod("one", "a", nil, nil, "x"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "list.json", listOf(t, pod("listed", "a", nil, nil, "x")))
	write(t, dir, "deep/er/one.json", one)
	write(t, dir, "lines.jsonl", []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"l1","namespace":"shop"}}
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"l2","namespace":"shop"}}`))
	write(t, dir, "api.json", []byte(`{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"api","namespace":"shop"}}]}`))
	write(t, dir, "docs.yaml", []byte("# saved\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: y1, namespace: shop}\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: y2, namespace: shop}}\n"))
	write(t, dir, "secret.yml", []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n"))
	write(t, dir, "broken.json", []byte(`{"kind": "Pod", `))
	write(t, dir, "notes.txt", []byte("not read"))
	s, err := LoadSnapshot(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	got, _, _, err := names(t, s, Scope{})
	if want := "shop/api shop/l1 shop/l2 shop/listed shop/one shop/y1 shop/y2"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("got %v, %v", got, err)
	}
	if len(s.Notes()) != 2 || !strings.Contains(s.Notes()[0], "broken.json: document 1") || !strings.Contains(s.Notes()[1], "Secrets in it, not read: 1") {
		t.Errorf("notes: %q", s.Notes())
	}
	if s.Context() != "snapshot "+dir || s.Namespace() != "shop" {
		t.Errorf("got %q, %q", s.Context(), s.Namespace())
	}
}

// What is broken is said, and the rest is there.
func TestBrokenDumps(t *testing.T) {
	whole := listOf(t, pod("a", "a", nil, nil, "x"), pod("b", "a", nil, nil, "x"))
	for _, tt := range []struct {
		name, dump string
		pods       int
		note       string
	}{
		{"cut off in the second pod", string(whole[:len(whole)-40]), 1, "broken after 1 objects"},
		{"garbage behind", string(whole) + "garbage", 2, `not JSON, passed over: 1, the first: "garbage"`},
		{"cut off, another dump behind", string(whole[:len(whole)-40]) + "\n" + podJSON("c"), 2, "broken after 1 objects"},
		{"a name that is a path", `{"items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"../etc","namespace":"a"}},` + podJSON("ok") + `]}`, 1, "object 1"},
		{"no kind", `{"items":[{"metadata":{"name":"x"}},` + podJSON("ok") + `]}`, 1, "no kind or no name"},
		{"metadata is a number", `{"items":[{"kind":"Pod","metadata":5},` + podJSON("ok") + `]}`, 1, "object 1"},
		{"twice", `{"items":[` + podJSON("ok") + `,` + podJSON("ok") + `]}`, 1, "twice"},
		{"another document in between", podJSON("a") + `[1]` + podJSON("b"), 2, "not an object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := ParseSnapshot("dump", []byte(tt.dump))
			if err != nil {
				t.Fatal(err)
			}
			got, _, _, err := names(t, s, Scope{})
			if err != nil || len(got) != tt.pods || !strings.Contains(strings.Join(s.Notes(), "\n"), tt.note) {
				t.Errorf("got %v, notes %q, %v", got, s.Notes(), err)
			}
		})
	}
}

func podJSON(name string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"` + name + `","namespace":"a"}}`
}

// A pod cannot hide behind a field of another type.
func TestStrangeField(t *testing.T) {
	s, err := ParseSnapshot("dump", []byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":"none"},"metadata":{"name":"odd","namespace":"a","creationTimestamp":"yesterday"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, _, l, err := names(t, s, Scope{})
	if err != nil || len(got) != 1 || got[0] != "a/odd" || len(l.Notes) != 1 {
		t.Errorf("got %v, notes %q, %v", got, l.Notes, err)
	}
}

func TestNothingThere(t *testing.T) {
	empty := t.TempDir()
	for name, load := range map[string]func() (*Snapshot, error){
		"no such file":    func() (*Snapshot, error) { return LoadSnapshot(t.Context(), filepath.Join(empty, "none")) },
		"an empty folder": func() (*Snapshot, error) { return LoadSnapshot(t.Context(), empty) },
		"an empty file":   func() (*Snapshot, error) { return ParseSnapshot("x", nil) },
		"an empty list":   func() (*Snapshot, error) { return ParseSnapshot("x", []byte(`{"kind":"List","items":null}`)) },
		"a picture":       func() (*Snapshot, error) { return ParseSnapshot("x", []byte("\x89PNG\r\n\x1a\n")) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load()
			checkWords(t, err, nil, []string{"reading snapshot", "kubectl get pods"})
		})
	}
}

func TestSnapshotSaysWhereElse(t *testing.T) {
	other := pod("web", "a", nil, nil, "x")
	other.Namespace = "bank"
	s := snapshotOf(t, other)
	_, err := s.Pod(t.Context(), "shop", "web")
	checkWords(t, err, ErrNotFound, []string{"pod shop/web: not found in snapshot shop.json", "-n bank has a pod"})
	_, err = s.Node(t.Context(), "node1")
	checkWords(t, err, ErrNotFound, []string{"has no nodes"})
}

func TestSnapshotPages(t *testing.T) {
	s := snapshotOf(t, manyPods(1001)...)
	if got, pages, _, err := names(t, s, Scope{Namespaces: []string{"shop"}}); err != nil || len(got) != 1001 || len(pages) != 3 {
		t.Errorf("got %d in pages %v, %v", len(got), pages, err)
	}
	if got, _, _, err := names(t, s, Scope{Namespaces: []string{"empty"}}); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// bigDump is 1,000 pods as large as those of a real cluster, 14 KB each.
func bigDump(t testing.TB) []byte {
	fields := `"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{}}}`
	fields = `{"f:status":{"f:a":{` + strings.TrimSuffix(strings.Repeat(fields+",", 30), ",") + `}}}`
	var all []any
	for i := range 1000 {
		p := webPod(fmt.Sprintf("web-%04d", i), "web", 1, digestOld)
		p.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet", FieldsV1: &metav1.FieldsV1{Raw: []byte(fields)}}}
		for j := range 3 {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{
				Name: fmt.Sprint("c", j), Image: "reg.example/x:1", Env: []corev1.EnvVar{{Name: "A", Value: strings.Repeat("b", 40)}},
				VolumeMounts: []corev1.VolumeMount{{Name: "kube-api-access", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"}},
			})
		}
		all = append(all, p)
	}
	return listOf(t, all...)
}

// The first screen has half a second for 1,000 pods; this is the part of it that is ours.
func BenchmarkSnapshot(b *testing.B) {
	file := filepath.Join(b.TempDir(), "dump.json")
	dump := bigDump(b)
	if err := os.WriteFile(file, dump, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(dump)))
	for b.Loop() {
		s, err := LoadSnapshot(b.Context(), file)
		if err != nil {
			b.Fatal(err)
		}
		l, err := s.Pods(b.Context(), Scope{}, func([]corev1.Pod) error { return nil })
		if err != nil || l.Pods != 1000 {
			b.Fatal(l, err)
		}
	}
}

// A dump is understood in little more time than it takes to decode its JSON once.
func TestSnapshotIsFast(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	dump := bigDump(t)
	ours, plain := time.Hour, time.Hour
	for range 5 { // other work on the machine may disturb some of them
		start := time.Now()
		s, err := ParseSnapshot("big", dump)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Pods(t.Context(), Scope{}, func([]corev1.Pod) error { return nil }); err != nil {
			t.Fatal(err)
		}
		between := time.Now()
		if err := json.Unmarshal(dump, new(corev1.PodList)); err != nil {
			t.Fatal(err)
		}
		ours, plain = min(ours, between.Sub(start)), min(plain, time.Since(between))
	}
	t.Logf("%d MB in %v, decoded alone in %v", len(dump)>>20, ours, plain)
	if ours > 3*plain {
		t.Errorf("1,000 pods take %v, and decoding them %v", ours, plain)
	}
}

func TestLoadStops(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.json", []byte(podJSON("a")))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := LoadSnapshot(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseSnapshot(f *testing.F) {
	f.Add(listOf(f, shop()...))
	f.Add([]byte(podJSON("a") + podJSON("b")))
	f.Add([]byte("apiVersion: v1\nkind: Pod\nmetadata: {name: y, namespace: shop}\n---\n- 1\n"))
	f.Add([]byte(`{"kind":"PodList","items":[{"metadata":{"name":"a"}}]}`))
	f.Add([]byte(listWith("a") + logsOf("a/a", "{}") + listWith("b")))
	f.Add([]byte(`[` + watchEventOf("ADDED", "a") + `,` + watchEventOf("DELETED", "a") + `]`))
	f.Add([]byte("Warning: x\n" + podJSON("a")))
	f.Add([]byte("\xff\xfe{\x00}\x00"))
	f.Add([]byte("a: &a [x,x]\nb: &b [*a,*a]\nkind: [*b,*b]"))
	f.Fuzz(func(t *testing.T, dump []byte) {
		s, err := ParseSnapshot("fuzz", dump)
		if err != nil {
			return
		}
		l, err := s.Pods(t.Context(), Scope{}, func(page []corev1.Pod) error {
			for i := range page {
				lineage, err := s.Lineage(t.Context(), &page[i])
				if err != nil {
					t.Error(err)
				}
				Containers(&page[i], lineage.Template)
				if lineage.Workload != nil {
					_, _ = s.Revisions(t.Context(), lineage.Workload)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%+v, %v", l, err)
		}
	})
}
