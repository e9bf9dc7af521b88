package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/kube"
)

// neighbour is a container of another pod that may be compared with one of this pod: of the same name, or asked for by
// the same reference.
type neighbour struct {
	pod, workload string // namespace/name
	container     string
	reference     string
	digest        string // as the node reports it, "" where it does not
}

// maxNeighbours bounds how many pods are looked at for the comparison; the rest of a large cluster says little more.
const maxNeighbours = 2000

// errEnough ends a list of pods early.
var errEnough = errors.New("enough pods were compared")

// neighbours looks at the other pods: of the whole cluster where something was injected, else of the pod's namespace.
func neighbours(ctx context.Context, o Options, mine []kube.Container) reply[neighbour] {
	scope := kube.Scope{Namespaces: []string{o.Pod.Namespace}}
	if slices.ContainsFunc(mine, func(c kube.Container) bool { return c.Injected }) {
		scope = kube.Scope{Fallback: []string{o.Pod.Namespace}}
	}
	var found reply[neighbour]
	count := 0
	_, found.err = o.Cluster.Pods(ctx, scope, func(page []corev1.Pod) error {
		for i := range page {
			if page[i].UID != o.Pod.UID || page[i].Name != o.Pod.Name {
				found.list = append(found.list, alike(&page[i], mine)...)
			}
		}
		if count += len(page); count >= maxNeighbours {
			return errEnough
		}
		return nil
	})
	if errors.Is(found.err, errEnough) {
		found.err = nil
	}
	return found
}

func alike(pod *corev1.Pod, mine []kube.Container) []neighbour {
	var all []neighbour
	for _, c := range kube.Containers(pod, nil) {
		if !slices.ContainsFunc(mine, func(m kube.Container) bool {
			return m.Injected && m.Name == c.Name || m.Reference == c.Reference
		}) {
			continue
		}
		all = append(all, neighbour{
			pod: pod.Namespace + "/" + pod.Name, workload: workloadOf(pod), container: c.Name, reference: c.Reference, digest: c.Image().Digest,
		})
	}
	return all
}

// workloadOf names what made the pod, as far as the pod itself tells: a Deployment's pods carry the hash that its
// ReplicaSet's name ends in.
func workloadOf(pod *corev1.Pod) string {
	ref := metav1.GetControllerOf(pod)
	if ref == nil {
		return pod.Namespace + "/" + pod.Name
	}
	name := ref.Name
	if hash := pod.Labels["pod-template-hash"]; hash != "" {
		name = strings.TrimSuffix(name, "-"+hash)
	}
	return pod.Namespace + "/" + name
}
