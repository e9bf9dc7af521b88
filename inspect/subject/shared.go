package subject

import (
	"cmp"
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// shared looks through the pods of the cluster once for those that have something in common with this one: a digest, the
// service account, the node. Of each kind it counts all and names at most inspect.MaxShared.
func (o Options) shared(ctx context.Context, emit func(inspect.Event)) inspect.Shared {
	mine := map[string]bool{}
	for _, c := range kube.Containers(o.Pod, nil) {
		if id := c.Image(); id.Digest != "" {
			mine[id.Digest] = true
		}
	}
	var s inspect.Shared
	listing, err := o.Cluster.Pods(ctx, kube.Scope{Fallback: []string{o.Pod.Namespace}}, func(page []corev1.Pod) error {
		for i := range page {
			p := &page[i]
			if p.UID == o.Pod.UID && p.Name == o.Pod.Name && p.Namespace == o.Pod.Namespace {
				continue
			}
			name := p.Namespace + "/" + p.Name
			if shares(p, mine) {
				join(&s.Digest, name)
			}
			if p.Namespace == o.Pod.Namespace && cmp.Or(p.Spec.ServiceAccountName, "default") == cmp.Or(o.Pod.Spec.ServiceAccountName, "default") {
				join(&s.ServiceAccount, name)
			}
			if o.Pod.Spec.NodeName != "" && p.Spec.NodeName == o.Pod.Spec.NodeName {
				join(&s.Node, name)
			}
		}
		return nil
	})
	s.Partial = err != nil || len(listing.Namespaces) > 0
	if err != nil {
		emit(inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: "other pods with this digest, service account or node are not all known: " + err.Error()}})
	}
	for _, n := range listing.Notes {
		emit(inspect.Event{Notice: &inspect.Notice{Level: "info", Text: n}})
	}
	return s
}

// join counts a pod into a group, and names it while there is room.
func join(g *inspect.PodGroup, name string) {
	g.Count++
	at, found := slices.BinarySearch(g.Pods, name)
	if !found && (len(g.Pods) < inspect.MaxShared || at < len(g.Pods)) {
		g.Pods = slices.Insert(g.Pods, at, name)
		g.Pods = g.Pods[:min(len(g.Pods), inspect.MaxShared)]
	}
}

func shares(pod *corev1.Pod, digests map[string]bool) bool {
	for _, c := range kube.Containers(pod, nil) {
		if digests[c.Image().Digest] {
			return true
		}
	}
	return false
}
