package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// changing is a cluster in which these things happen to the pod, and whose containers wrote something.
type changing struct {
	talking
	changes []kube.PodChange
	end     error // after the last of them; nil: the watch lasts until its context ends

	mu    sync.Mutex
	asked kube.PodWatch
	logs  []string
}

func (c *changing) WatchPods(ctx context.Context, w kube.PodWatch, each func(kube.PodChange) error) error {
	c.asked = w
	for _, change := range c.changes {
		if err := each(change); err != nil {
			return err
		}
	}
	if c.end != nil {
		return c.end
	}
	<-ctx.Done()
	return ctx.Err()
}

func (c *changing) Log(_ context.Context, _ *corev1.Pod, container string, previous bool) (kube.Log, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logs = append(c.logs, fmt.Sprint(container, " previous=", previous))
	return kube.Log{Path: "/log", Text: []byte("said by " + container)}, nil
}

var heard = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// becomes is the pod after a change, as a watch tells it.
func becomes(p *corev1.Pod, kind kube.PodChangeType, version string, change func(*corev1.Pod)) kube.PodChange {
	p = p.DeepCopy()
	p.ResourceVersion = version
	if change != nil {
		change(p)
	}
	raw, _ := json.Marshal(p)
	return kube.PodChange{Type: kind, Time: heard, Pod: p, Object: kube.Object{Kind: "Pod", Namespace: p.Namespace, Name: p.Name, Raw: raw}}
}

// runningPod is web-1, of which one container runs.
func runningPod() *corev1.Pod {
	p := newWorld().pod
	p.ResourceVersion = "7"
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses[0].ContainerID = "containerd://one"
	p.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{}
	return p
}

func restart(p *corev1.Pod) {
	s := &p.Status.ContainerStatuses[0]
	s.ContainerID, s.RestartCount = "containerd://two", 1
	s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ContainerID: "containerd://one", Reason: "Error", ExitCode: 137}
}

// follow runs the watch until it ends, or was told all.
func follow(t *testing.T, c *changing, pod *corev1.Pod, off bool) inspect.Case {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := cluster.Options{Cluster: c, Pod: pod, Keep: func(obj kube.Object, mark ...string) (inspect.Exhibit, error) {
		return inspect.Exhibit{Path: "cluster/pod@" + strings.Join(mark, "") + ".json", Digest: "sha256:" + mark[0]}, nil
	}}
	source := cluster.Watch(o, store, off)
	if source == nil {
		t.Fatal("there is nothing to watch")
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	var kept inspect.Case
	if err := source(ctx, func(e inspect.Event) {
		if e.Check != inspect.CheckWatch {
			t.Errorf("said by %q", e.Check)
		}
		kept.Apply(e)
	}); err != nil {
		t.Fatal(err)
	}
	return kept
}

func paths(c inspect.Case) []string {
	var all []string
	for _, x := range c.Exhibits {
		all = append(all, x.Path)
	}
	return all
}

// Each thing that can happen to a pod while its case is open: what is told, and what is kept of it.
func TestWatch(t *testing.T) {
	pod := runningPod()
	now := metav1.NewTime(heard.Add(30 * time.Second))
	asked := func(p *corev1.Pod) { p.DeletionTimestamp = &now }
	for name, tt := range map[string]struct {
		changes []kube.PodChange
		told    []string // state: what
		kept    []string
		notices []string
		logs    []string
	}{
		"bookkeeping only": {
			changes: []kube.PodChange{becomes(pod, kube.PodModified, "8", func(p *corev1.Pod) { p.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet"}} })},
		},
		"a detail of the status": {
			changes: []kube.PodChange{becomes(pod, kube.PodModified, "8", func(p *corev1.Pod) { p.Status.PodIP = "10.0.0.1" })},
			kept:    []string{"cluster/pod@8.json"},
		},
		"a restart": {
			changes: []kube.PodChange{becomes(pod, kube.PodModified, "8", restart)},
			told:    []string{"changed: container web restarted (1 restarts), its run before is terminated: Error, exit 137"},
			kept:    []string{"cluster/pod@8.json", "logs/one@ended.log"}, notices: []string{"container web restarted"}, logs: []string{"web previous=true"},
		},
		"asked to go, then gone": {
			changes: []kube.PodChange{becomes(pod, kube.PodModified, "8", asked), becomes(pod, kube.PodDeleted, "9", asked)},
			told:    []string{"gone: it was deleted", "terminating: deletion requested, to end by 2026-03-01 09:30:30Z"},
			kept:    []string{"cluster/pod@8.json", "cluster/pod@9.json", "logs/one@terminating.log"},
			notices: []string{"deletion requested", "pod shop/web-1 is gone: it was deleted; the evidence collected before stays in the case"}, logs: []string{"web previous=false"},
		},
		"gone in a gap": {
			changes: []kube.PodChange{{Type: kube.WatchLost, Err: errors.New("no answer")}, {Type: kube.WatchLive}, {Type: kube.PodsListed, Time: heard}},
			told:    []string{"gone: it was gone when the watch resumed; when it went is not known"},
			notices: []string{"the watch of the pod was lost and is retried: no answer", "the watch of the pod resumed", "is gone"},
		},
		"changed in a gap": {
			changes: []kube.PodChange{{Type: kube.PodsListed, Time: heard, Pods: []corev1.Pod{*becomes(pod, "", "8", restart).Pod}, Object: becomes(pod, "", "8", restart).Object}},
			told:    []string{"changed: container web restarted (1 restarts), its run before is terminated: Error, exit 137"},
			kept:    []string{"cluster/pod@8.json", "logs/one@ended.log"}, notices: []string{"restarted"}, logs: []string{"web previous=true"},
		},
		"another pod of the name": {
			changes: []kube.PodChange{becomes(pod, kube.PodAdded, "8", func(p *corev1.Pod) { p.UID = types.UID("other") }), becomes(pod, kube.PodModified, "9", restart)},
			told:    []string{"replaced: it was replaced by another pod of its name"}, notices: []string{"is gone: it was replaced by another pod of its name"},
		},
		"taken from its controller": {
			changes: []kube.PodChange{becomes(pod, kube.PodModified, "8", func(p *corev1.Pod) {
				p.OwnerReferences, p.Labels = nil, map[string]string{"quarantine": "true"}
				p.Annotations = map[string]string{"hold": "secret"}
			})},
			told: []string{"changed: its owner is none, was ReplicaSet web-7d; label set: quarantine=true; label removed: app; annotation set: hold"},
			kept: []string{"cluster/pod@8.json"}, notices: []string{"its owner is none"},
		},
		"somebody debugs": {
			changes: []kube.PodChange{becomes(pod, kube.PodModified, "8", func(p *corev1.Pod) {
				p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "dbg", Image: "busybox"}}}
				p.Spec.Containers[0].Image = "reg.example/web:2"
				p.Status.ContainerStatuses[0].ImageID = "reg.example/x@" + digestOther
			})},
			told: []string{"changed: the image of container web was set to reg.example/web:2; container web runs " + digestOther + ", was " + digestMine + "; container dbg (ephemeral) was attached, with image busybox"},
			kept: []string{"cluster/pod@8.json"}, notices: []string{"dbg"},
		},
		"evicted": {
			changes: []kube.PodChange{becomes(pod, kube.PodModified, "8", func(p *corev1.Pod) {
				p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted"
				p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled"}}
			})},
			told: []string{"changed: Failed, was Running (Evicted); container web is terminated: OOMKilled"}, kept: []string{"cluster/pod@8.json"}, notices: []string{"Evicted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := &changing{changes: tt.changes}
			c := follow(t, source, pod, false)
			var told []string
			for _, x := range c.Changes {
				told = append(told, x.State+": "+strings.Join(x.What, "; "))
				if x.Time.Time != heard {
					t.Errorf("heard at %v", x.Time)
				}
			}
			if !slices.Equal(told, tt.told) || len(c.Timeline) != len(tt.told) {
				t.Errorf("told\n%s\nwant\n%s\non the axis %+v", strings.Join(told, "\n"), strings.Join(tt.told, "\n"), c.Timeline)
			}
			if !slices.Equal(paths(c), tt.kept) || !slices.Equal(source.logs, tt.logs) {
				t.Errorf("kept %q, want %q; logs %q", paths(c), tt.kept, source.logs)
			}
			for _, says := range tt.notices {
				if !slices.ContainsFunc(c.Notices, func(n inspect.Notice) bool { return strings.Contains(n.Text, says) }) {
					t.Errorf("nothing says %q: %+v", says, c.Notices)
				}
			}
			if source.asked != (kube.PodWatch{Namespace: "shop", Name: "web-1", Version: "7"}) {
				t.Errorf("watched %+v", source.asked)
			}
			if _, gone := c.Gone(); gone != slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, "gone") || strings.HasPrefix(s, "replaced") }) {
				t.Errorf("gone is %v", gone)
			}
		})
	}
}

func TestWatchWithoutLogs(t *testing.T) {
	source := &changing{changes: []kube.PodChange{becomes(runningPod(), kube.PodModified, "8", restart)}}
	if c := follow(t, source, runningPod(), true); len(source.logs) != 0 || len(c.Changes) != 1 {
		t.Errorf("%q, %+v", source.logs, c.Changes)
	}
}

// A role that may not watch is said, and the case goes on.
func TestWatchForbidden(t *testing.T) {
	c := follow(t, &changing{end: &kube.Error{Doing: "watching pod shop/web-1", Kind: kube.ErrForbidden}}, runningPod(), false)
	if len(c.Notices) != 1 || !strings.Contains(c.Notices[0].Text, "changes of the pod are not watched") || !strings.Contains(c.Notices[0].Hint, "rbac") {
		t.Errorf("%+v", c.Notices)
	}
}

// A pod that never rests fills no disk.
func TestWatchIsBounded(t *testing.T) {
	pod := runningPod()
	var changes []kube.PodChange
	for n := range 300 {
		changes = append(changes, becomes(pod, kube.PodModified, fmt.Sprint(100+n), func(p *corev1.Pod) { p.Labels = map[string]string{"n": fmt.Sprint(n)} }))
	}
	c := follow(t, &changing{changes: changes}, pod, false)
	if len(c.Exhibits) != 100 || !slices.ContainsFunc(c.Notices, func(n inspect.Notice) bool { return strings.Contains(n.Text, "more than 100 times") }) {
		t.Errorf("%d exhibits", len(c.Exhibits))
	}
}

func TestADumpIsNotWatched(t *testing.T) {
	dump, err := kube.ParseSnapshot("x", []byte(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1","namespace":"shop"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if cluster.Watch(cluster.Options{Cluster: dump, Pod: runningPod()}, nil, false) != nil || cluster.Watch(cluster.Options{Cluster: &changing{}}, nil, false) != nil {
		t.Error("there is a watch")
	}
}
