package triage

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
)

// everywhere are namespaces that every cluster has: an alert that names one does not tell clusters
// apart.
var everywhere = map[string]bool{
	"": true, "default": true, "kube-system": true, "kube-public": true, "kube-node-lease": true,
}

// ContextFit counts how well alerts and a cluster fit together.
type ContextFit struct {
	// alerts that name a container, a pod, an address or a namespace of some cluster
	Named int
	// alerts whose node, container, pod, address or namespace exists in this cluster
	Known int
}

// Mismatch reports that nothing of what the alerts name exists in this cluster: it may be the wrong
// one. Alerts about nodes alone are too little to conclude that.
func (f ContextFit) Mismatch() bool { return f.Named > 0 && f.Known == 0 }

// Count counts an alert.
func (f *ContextFit) Count(x *Index, a *alert.Alert) {
	if x.knows(a) {
		f.Known++
	}
	if a.ContainerID != inspect.HostID &&
		(a.ContainerID != "" || a.Pod != "" || a.PodUID != "" || !everywhere[a.Namespace]) {
		f.Named++
	}
}

// knows reports whether the index has something that the alert names. Images do not count: they run in
// many clusters.
func (x *Index) knows(a *alert.Alert) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if len(a.ContainerID) >= shortID && len(x.ids[a.ContainerID[:shortID]]) > 0 {
		return true
	}
	if a.PodUID != "" && x.rows[a.PodUID] != nil {
		return true
	}
	for _, address := range a.Addresses {
		if len(x.addresses[address]) > 0 {
			return true
		}
	}
	if !everywhere[a.Namespace] && x.spaces[a.Namespace] > 0 || len(x.names[podKey(a.Namespace, a.Pod)]) > 0 {
		return true
	}
	short, _, _ := strings.Cut(a.Node, ".") // a node's name in Kubernetes may be that of its host without the domain
	return a.Node != "" && (x.nodes[a.Node] > 0 || x.nodes[short] > 0)
}
