package subject

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/kube"
)

// PodTarget is a parsed TARGET that leads to a pod: pod/NAME[:CONTAINER], deploy/NAME, sts/NAME, ds/NAME, job/NAME.
type PodTarget struct {
	Kind      string // pod, deploy, sts, ds, rs, job
	Name      string
	Container string
}

// kinds are the words that lead to a pod, with their short form. The long forms are those of kubectl as well.
var kinds = map[string]string{
	"pod": "pod", "pods": "pod", "po": "pod",
	"deploy": "deploy", "deployment": "deploy", "deployments": "deploy",
	"sts": "sts", "statefulset": "sts", "statefulsets": "sts",
	"ds": "ds", "daemonset": "ds", "daemonsets": "ds",
	"rs": "rs", "replicaset": "rs", "replicasets": "rs",
	"job": "job", "jobs": "job",
}

// ErrPodTarget is a target that begins as one of a pod does, and names none.
var ErrPodTarget = errors.New("a pod or a workload is named as KIND/NAME[:CONTAINER]; -n names its namespace")

// ParsePod reads a target that leads to a pod; ok is false for every other target. A target with a slash that begins
// with no such word is a reference of an image. Errors: ErrPodTarget. "pod/web-1:app" is the container app of the pod
// web-1. A registry host named pod would be read as a pod: name it with its port.
func ParsePod(target string) (t PodTarget, ok bool, err error) {
	kind, rest, ok := strings.Cut(target, "/")
	t.Kind = kinds[kind]
	if !ok || t.Kind == "" {
		return PodTarget{}, false, nil
	}
	t.Name, t.Container, _ = strings.Cut(rest, ":")
	if t.Name == "" || strings.Contains(t.Name, "/") {
		return PodTarget{}, false, fmt.Errorf("reading target %q: %w", target, ErrPodTarget)
	}
	return t, true, nil
}

// Found is the pod that a target led to, with the objects that were read on the way.
type Found struct {
	Pod     *corev1.Pod
	Objects []kube.Object
}

// Find reads the pod of a target: the pod itself with one request, or the newest pod of a workload. The objects come in
// the order in which they were read; they are given with an error too, as far as it got. Errors: kube.ErrNotFound and
// those of the cluster. The trace may be called from several goroutines at once, which is why the list has a lock.
func Find(ctx context.Context, cluster kube.Source, namespace string, t PodTarget) (Found, error) {
	if namespace == "" {
		namespace = cluster.Namespace()
	}
	var f Found
	var mu sync.Mutex
	ctx = kube.WithTrace(ctx, kube.Trace{Object: func(o kube.Object) {
		mu.Lock()
		defer mu.Unlock()
		f.Objects = append(f.Objects, o)
	}})
	var err error
	if t.Kind == "pod" {
		f.Pod, err = cluster.Pod(ctx, namespace, t.Name)
	} else {
		f.Pod, err = newest(ctx, cluster, namespace, t)
	}
	if err != nil {
		return f, err
	}
	return f, t.checkContainer(f.Pod)
}

// newest is the newest pod of the workload that a target names. A workload that was scaled to nothing has no pod to
// look at.
func newest(ctx context.Context, cluster kube.Source, namespace string, t PodTarget) (*corev1.Pod, error) {
	w, err := cluster.Workload(ctx, t.Kind, namespace, t.Name)
	if err != nil {
		return nil, err
	}
	pods, err := cluster.PodsOf(ctx, w)
	if err != nil {
		return nil, err
	}
	pod := kube.Newest(pods)
	if pod == nil {
		return nil, fmt.Errorf("%s/%s in namespace %s has no pod now: %w", t.Kind, t.Name, namespace, kube.ErrNotFound)
	}
	return pod, nil
}

// checkContainer refuses a container that the pod does not have, and names those that it has. A misspelled name must
// not become a case without images, which would look as if there were nothing to find. Ephemeral and init containers
// count: their images ran as well.
func (t PodTarget) checkContainer(pod *corev1.Pod) error {
	if t.Container == "" {
		return nil
	}
	var names []string
	for _, c := range kube.Containers(pod, nil) {
		if c.Name == t.Container {
			return nil
		}
		names = append(names, c.Name)
	}
	return fmt.Errorf("pod %s has no container %q, it has: %s: %w", pod.Name, t.Container, strings.Join(names, ", "),
		kube.ErrNotFound)
}
