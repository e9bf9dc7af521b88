package subject

import (
	"cmp"
	"context"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// shared looks through the pods of the cluster once for those that have something in common with this one: a digest,
// the service account, the node. Of each kind it counts all and names at most inspect.MaxShared. Partial is set where
// not all namespaces may be listed: the counts are then lower bounds. The pod itself is left out by UID, name and
// namespace. A cluster-wide list may be refused; then the pod's namespace alone is read.
func (o Options) shared(ctx context.Context, emit func(inspect.Event)) inspect.Shared {
	mine := map[string]bool{}
	for _, c := range kube.Containers(o.Pod, nil) {
		if id := c.Image(); id.Digest != "" {
			mine[id.Digest] = true
		}
	}
	var s inspect.Shared
	peers, err := o.Roster.Peers(ctx)
	for _, p := range peers.Pods {
		if p.UID == string(o.Pod.UID) && p.Name == o.Pod.Name && p.Namespace == o.Pod.Namespace {
			continue
		}
		if slices.ContainsFunc(p.Containers, func(c kube.PeerContainer) bool { return mine[c.Image.Digest] }) {
			join(&s.Digest, p.Path())
		}
		if p.Namespace == o.Pod.Namespace && cmp.Or(p.ServiceAccount,
			"default") == cmp.Or(o.Pod.Spec.ServiceAccountName, "default") {
			join(&s.ServiceAccount, p.Path())
		}
		if o.Pod.Spec.NodeName != "" && p.Node == o.Pod.Spec.NodeName {
			join(&s.Node, p.Path())
		}
	}
	s.Partial = err != nil || peers.Partial
	if err != nil {
		emit(inspect.Event{Fact: inspect.Notice{
			Level: "warning",
			Text:  "other pods with this digest, service account or node are not all known: " + err.Error(),
		}})
	}
	for _, n := range peers.Notes {
		emit(inspect.Event{Fact: inspect.Notice{Level: "info", Text: n}})
	}
	return s
}

// join counts a pod into a group, and names it while there is room. The names are sorted, and the first of them in that
// order are kept, whatever order the pods came in.
func join(g *inspect.PodGroup, name string) {
	g.Count++
	at, found := slices.BinarySearch(g.Pods, name)
	if !found && (len(g.Pods) < inspect.MaxShared || at < len(g.Pods)) {
		g.Pods = slices.Insert(g.Pods, at, name)
		g.Pods = g.Pods[:min(len(g.Pods), inspect.MaxShared)]
	}
}
