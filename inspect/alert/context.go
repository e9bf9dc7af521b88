package alert

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// everywhere are namespaces that every cluster has: an alert that names one says nothing of which cluster it is of.
var everywhere = map[string]bool{"": true, "default": true, "kube-system": true, "kube-public": true, "kube-node-lease": true}

// Bearing says how alerts and a cluster fit together.
type Bearing struct {
	Named int // alerts that name a container, a pod or a namespace of some cluster
	Known int // alerts of which this cluster has the node, the container, the pod or the namespace
}

// Strange says that nothing of what the alerts name is in this cluster: it may be the wrong one. What is about a node
// only is too little to say so.
func (b Bearing) Strange() bool { return b.Named > 0 && b.Known == 0 }

// Add counts an alert.
func (b *Bearing) Add(x *Index, a *Alert) {
	if x.knows(a) {
		b.Known++
	}
	if a.ContainerID != inspect.HostID && (a.ContainerID != "" || a.Pod != "" || !everywhere[a.Namespace]) {
		b.Named++
	}
}

// knows reports that the index has something that the alert names. Images are not looked at: they run in many clusters.
func (x *Index) knows(a *Alert) bool {
	if len(a.ContainerID) >= shortID && len(x.ids[a.ContainerID[:shortID]]) > 0 {
		return true
	}
	if !everywhere[a.Namespace] && x.spaces[a.Namespace] > 0 || len(x.names[podKey(a.Namespace, a.Pod)]) > 0 {
		return true
	}
	short, _, _ := strings.Cut(a.Node, ".") // a node's name in Kubernetes may be that of its host without the domain
	return a.Node != "" && (x.nodes[a.Node] > 0 || x.nodes[short] > 0)
}
