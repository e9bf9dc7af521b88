package audit

import (
	"context"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/kube"
)

// readersAtOnce bounds the requests to the API server that are under way at the same time.
const readersAtOnce = 8

// lineage is what stands above the pods of a group.
type lineage struct {
	workload string // kind/name of the topmost owner, or of the pod
	known    bool   // the template could be read
	template map[string]bool
}

// injected reports whether something added a container to its pod on the way into the cluster; nil where no template
// states what the owner asked for. A debug container is attached by a person and is never called injected.
func (l lineage) injected(c kube.Container) *bool {
	if !l.known {
		return nil
	}
	is := c.Type != kube.TypeEphemeral && !l.template[c.Name]
	return &is
}

// readOwners follows each group to its workload, once for all pods that one revision made.
func (l *lister) readOwners(ctx context.Context) map[string]lineage {
	// One revision of one owner is read once, for its thousand pods: 10,000 pods of 500 workloads cost some 500
	// requests.
	work, all := engine.NewGroup(readersAtOnce), map[string]lineage{}
	var mu sync.Mutex
	var refused []string
	for key, g := range l.pods {
		work.Go(func() error {
			line, err := l.from.Lineage(ctx, g.sample)
			mu.Lock()
			defer mu.Unlock()
			all[key] = lineageOf(g.sample, line)
			if err != nil {
				refused = append(refused, err.Error())
			}
			for _, o := range line.Owners {
				if o.Unread != "" {
					refused = append(refused, o.Unread)
				}
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		l.gap("owners of pods", err.Error())
	}
	slices.Sort(refused)
	for i, reason := range slices.Compact(refused) {
		if i == maxGapsOfAKind {
			l.gap("owners of pods", "more could not be read")
			break
		}
		l.gap("owners of pods", reason)
	}
	return all
}

// maxGapsOfAKind bounds the gaps with the same text for different objects.
const maxGapsOfAKind = 10

// lineageOf names the workload of a pod, and the containers that its template has.
func lineageOf(pod *corev1.Pod, line kube.Lineage) lineage {
	l := lineage{workload: "pod/" + pod.Name}
	if n := len(line.Owners); n > 0 {
		top := line.Owners[n-1]
		// A static pod's mirror has the Node as owner (kubernetes.io, "Create static Pods").
		if top.Kind == "Node" { // a static pod: its name is all that there is
			return l
		}
		name := top.Name
		if hash := pod.Labels["pod-template-hash"]; top.Kind == "ReplicaSet" && hash != "" && top.Unread != "" {
			// its Deployment could not be read, but the name of a ReplicaSet is the Deployment's and a hash
			l.workload = "deployment/" + strings.TrimSuffix(name, "-"+hash)
		} else {
			l.workload = strings.ToLower(top.Kind) + "/" + name
		}
	}
	// A bare pod, or an owner that may not be read: what the template had is not known, and nothing is called injected.
	if line.Template == nil {
		return l
	}
	l.known, l.template = true, map[string]bool{}
	for _, c := range line.Template.Spec.Containers {
		l.template[c.Name] = true
	}
	// sidecars are init containers with restartPolicy Always (KEP-753), so they stand here too
	for _, c := range line.Template.Spec.InitContainers {
		l.template[c.Name] = true
	}
	return l
}

// readNodes reads the platforms of the nodes, once each; none where the platform is named.
func (l *lister) readNodes(ctx context.Context) map[string]string {
	platforms := map[string]string{}
	if l.sel.Platform != "" {
		return platforms
	}
	names := map[string]bool{}
	for _, g := range l.pods {
		for _, m := range g.members {
			if m.node != "" {
				names[m.node] = true
			}
		}
	}
	work := engine.NewGroup(readersAtOnce)
	var mu sync.Mutex
	unread := 0
	for name := range names {
		work.Go(func() error {
			node, err := l.from.Node(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || node.Platform() == "" {
				unread++
				return nil
			}
			platforms[name] = node.Platform()
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		l.gap("nodes", err.Error())
	}
	if unread > 0 {
		l.gap("nodes", "the platform of "+text.Count(unread,
			"node")+" could not be read: images for several platforms "+
			"are not checked there unless --platform names one")
	}
	return platforms
}
