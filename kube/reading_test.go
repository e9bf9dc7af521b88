package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// onBoth runs a test on a live cluster and on a snapshot of the same objects.
func onBoth(t *testing.T, test func(t *testing.T, s Source)) {
	t.Run("cluster", func(t *testing.T) { test(t, serve(t, shop()...).open(t, "")) })
	t.Run("snapshot", func(t *testing.T) { test(t, snapshotOf(t, shop()...)) })
}

func mustPod(t *testing.T, s Source, name string) *corev1.Pod {
	t.Helper()
	p, err := s.Pod(t.Context(), "shop", name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLineage(t *testing.T) {
	for _, tt := range []struct {
		pod      string
		owners   []string
		image    string // of the template that the pod was made from
		workload string
		notes    int
	}{
		{"web-old-a", []string{"ReplicaSet/web-old", "Deployment/web"}, "reg.example/web:1", "web", 0},
		{"db-0", []string{"StatefulSet/db"}, "reg.example/db:1", "db", 0}, // not db:2, which is newer than the pod
		{"log-x", []string{"DaemonSet/log"}, "reg.example/log:1", "log", 0},
		{"report-1-x", []string{"Job/report-1", "CronJob/report"}, "reg.example/report:1", "report-1", 0},
		{"bare", nil, "", "", 0},
		{"static-node1", []string{"Node/node1"}, "", "", 1},
	} {
		t.Run(tt.pod, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s Source) {
				l, err := s.Lineage(t.Context(), mustPod(t, s, tt.pod))
				if err != nil {
					t.Fatal(err)
				}
				var owners []string
				for _, o := range l.Owners {
					owners = append(owners, o.Kind+"/"+o.Name)
				}
				if diff := cmp.Diff(tt.owners, owners); diff != "" {
					t.Errorf("owners:\n%s", diff)
				}
				image, workload := "", ""
				if l.Template != nil {
					image = l.Template.Spec.Containers[0].Image
				}
				if l.Workload != nil {
					workload = l.Workload.Name
				}
				if image != tt.image || workload != tt.workload || len(l.Notes) != tt.notes {
					t.Errorf("got template %q, workload %q, notes %q", image, workload, l.Notes)
				}
			})
		})
	}
}

// An owner that cannot be read stands in the chain, with the reason.
func TestLineageWithoutOwners(t *testing.T) {
	other := replicaSet("web-old", "1", 0, &appsv1.Deployment{ObjectMeta: meta("web", 0, nil)}, "reg.example/web:1")
	other.UID = "another"
	for name, objects := range map[string][]any{
		"not there":              {webPod("a", "web-old", 0, digestOld)},
		"another since":          {webPod("a", "web-old", 0, digestOld), other},
		"a kind that is foreign": {pod("a", "a", nil, owner("argoproj.io/v1", "Rollout", "a"), "x")},
	} {
		t.Run(name, func(t *testing.T) {
			s := snapshotOf(t, objects...)
			l, err := s.Lineage(t.Context(), mustPod(t, s, "a"))
			if err != nil || len(l.Owners) != 1 || l.Owners[0].Unread == "" || len(l.Notes) != 1 || l.Template != nil {
				t.Errorf("got %+v, %v", l, err)
			}
		})
	}
}

func TestRevisions(t *testing.T) {
	onBoth(t, func(t *testing.T, s Source) {
		web, err := s.Workload(t.Context(), "deploy", "shop", "web")
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Revisions(t.Context(), web)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0].Number != 2 || got[1].Number != 1 {
			t.Fatalf("want revisions 2 and 1, got %+v", got)
		}
		want := map[string][]string{"web": {"reg.example/web@" + digestNew}}
		if diff := cmp.Diff(want, got[0].ImageIDs); diff != "" {
			t.Errorf("image IDs of what runs now, without what was injected:\n%s", diff)
		}
		if got[1].Pods != 1 || got[1].Images["web"] != "reg.example/web:1" || got[1].Cause != "rollout 1" {
			t.Errorf("revision 1: %+v", got[1])
		}
		if old := mustPod(t, s, "web-old-a"); got[0].Holds(old) || !got[1].Holds(old) {
			t.Error("the old pod is of revision 1")
		}
	})
}

func TestControllerRevisions(t *testing.T) {
	onBoth(t, func(t *testing.T, s Source) {
		for _, tt := range []struct {
			kind, name string
			numbers    []int64
			podsOf     []int
			replicas   int32
		}{
			{"sts", "db", []int64{2, 1}, []int{0, 1}, 3},
			{"DaemonSet", "log", []int64{1}, []int{1}, 4},
			{"jobs", "report-1", nil, nil, 1},
		} {
			w, err := s.Workload(t.Context(), tt.kind, "shop", tt.name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Revisions(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			var numbers []int64
			var count []int
			for _, r := range got {
				numbers, count = append(numbers, r.Number), append(count, r.Pods)
			}
			if !slices.Equal(numbers, tt.numbers) || !slices.Equal(count, tt.podsOf) || w.Replicas != tt.replicas {
				t.Errorf("%s: got numbers %v, pods %v, replicas %d", tt.name, numbers, count, w.Replicas)
			}
		}
	})
}

func TestPodsOf(t *testing.T) {
	onBoth(t, func(t *testing.T, s Source) {
		web, err := s.Workload(t.Context(), "deployment", "shop", "web")
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.PodsOf(t.Context(), web)
		if err != nil || len(got) != 2 {
			t.Fatalf("got %d pods, %v", len(got), err)
		}
		if newest := Newest(got); newest.Name != "web-new-a" {
			t.Errorf("newest is %s", newest.Name)
		}
	})
}

func TestWorkloadThatIsNone(t *testing.T) {
	s := snapshotOf(t, shop()...)
	if _, err := s.Workload(t.Context(), "cronjob", "shop", "report"); err == nil {
		t.Error("a cronjob has no pods of its own")
	}
	if _, err := s.Workload(t.Context(), "deploy", "shop", "nothing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestNode(t *testing.T) {
	onBoth(t, func(t *testing.T, s Source) {
		n, err := s.Node(t.Context(), "node1")
		if err != nil || n.Platform() != "linux/arm64" || len(n.Images) != 1 || n.Images[0].Size != 7 {
			t.Errorf("got %+v, %v", n, err)
		}
	})
}

func TestNamesAreNotPaths(t *testing.T) {
	onBoth(t, func(t *testing.T, s Source) {
		for _, name := range []string{"a/b", "..", "", "a%2fb"} {
			if _, err := s.Pod(t.Context(), "shop", name); err == nil {
				t.Errorf("%q was read", name)
			}
		}
	})
}

// A trace gets the objects of the case as they were received, and each request.
func TestTrace(t *testing.T) {
	c := serve(t, shop()...).open(t, "")
	var seen, asked []string
	ctx := WithTrace(t.Context(), Trace{Request: func(r Request) {
		if r.Status != http.StatusOK || r.Bytes == 0 {
			t.Errorf("request %+v", r)
		}
		asked = append(asked, r.Method+" "+r.Path)
	}})
	ctx = WithTrace(ctx, Trace{Object: func(o Object) { seen = append(seen, o.Path) }})
	p, err := c.Pod(ctx, "shop", "web-old-a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Lineage(ctx, p); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/api/v1/namespaces/shop/pods/web-old-a",
		"/apis/apps/v1/namespaces/shop/replicasets/web-old",
		"/apis/apps/v1/namespaces/shop/deployments/web",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("objects:\n%s", diff)
	}
	for i := range want {
		want[i] = "GET " + want[i]
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests:\n%s", diff)
	}
}

func TestStopped(t *testing.T) {
	onBoth(t, func(t *testing.T, s Source) {
		p := mustPod(t, s, "web-old-a")
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := s.Lineage(ctx, p); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
