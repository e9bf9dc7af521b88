package cluster_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/engine"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// talking is a cluster whose containers wrote something, once.
type talking struct{ kube.Source }

func (talking) Log(_ context.Context, _ *corev1.Pod, container string, previous bool) (kube.Log, error) {
	if previous {
		return kube.Log{}, errors.New("previous terminated container not found")
	}
	return kube.Log{Path: "/log?container=" + container, Text: []byte(container + " says password=hunter2\n"), Truncated: true}, nil
}

func keepLogs(t *testing.T, off bool) (inspect.Case, *registry.Store) {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pod := newWorld().pod
	pod.Status.ContainerStatuses[0].ContainerID = "containerd://abc"
	pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ContainerID: "containerd://before"}
	addContainer(pod, "never-started", "reg.example/x:1", digestMine)
	run, err := engine.NewSource(engine.Plan{Checks: []engine.Check{cluster.Logs(cluster.Options{Cluster: talking{}, Pod: pod}, store, off)}})
	if err != nil {
		t.Fatal(err)
	}
	c := inspect.Case{}
	if err := run(t.Context(), c.Apply); err != nil {
		t.Fatal(err)
	}
	return c, store
}

// A log is kept under its container's ID, without what looks like a secret; one that cannot be read is said.
func TestLogsAreKept(t *testing.T) {
	c, store := keepLogs(t, false)
	if len(c.Exhibits) != 2 || !strings.Contains(c.Exhibits[1].Missing, "the log of the run before of container web: previous terminated") {
		t.Fatalf("%+v", c.Exhibits)
	}
	x := c.Exhibits[0]
	if x.Path != "logs/abc.log" || !x.Truncated || len(x.Redacted) != 1 || x.Source != "/log?container=web" {
		t.Errorf("%+v", x)
	}
	f, _, err := store.Open(x.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if text, err := io.ReadAll(f); err != nil || string(text) != "web says password=REDACTED\n" {
		t.Errorf("%q, %v", text, err)
	}
	if len(c.Notices) != 1 || !strings.Contains(c.Notices[0].Text, "the log of the run before of container web is not kept: previous terminated") {
		t.Errorf("%+v", c.Notices)
	}
	if state, _ := c.Check(inspect.CheckLogs, ""); state.Status != inspect.CheckDone {
		t.Errorf("%+v", state)
	}
}

func TestNoLogs(t *testing.T) {
	c, _ := keepLogs(t, true)
	if state, _ := c.Check(inspect.CheckLogs, ""); state.Status != inspect.CheckSkipped || len(c.Exhibits) > 0 {
		t.Errorf("%+v, %+v", state, c.Exhibits)
	}
}
