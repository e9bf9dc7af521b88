package subject

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect/engine"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// Workload follows the pod's owners and their revisions, marks the injected containers, and looks for other
// pods that run the same images. What may not be read is noted, and the rest goes on. The pod is emitted twice: first
// with its owners, and again when the other pods are known, which may take long in a large cluster.
func Workload(o Options) engine.Check {
	if o.Roster == nil && o.Pod != nil {
		o.Roster = kube.NewRoster(o.Cluster, o.Pod.Namespace)
	}
	return engine.Check{Name: inspect.CheckWorkload, Scope: engine.PerCase, Run: func(ctx context.Context, _ engine.On,
		emit func(inspect.Event),
	) error {
		if o.Pod == nil {
			return engine.Nothing("the target is no pod")
		}
		ctx = o.Trace(ctx, emit)
		p, err := o.lineage(ctx, emit)
		emit(inspect.Event{Fact: p})
		full := p
		full.Reach.Shared = o.shared(ctx, emit)
		full.Others = full.Reach.Shared.Digest.Pods
		emit(inspect.Event{Fact: full})
		return err
	}}
}

// lineage reads the owners of the pod and the revisions of its workload. Notes are what could not be read on the way;
// the pod stands as far as it is known. Owner references are written by whoever creates the pod: an attacker can name a
// Deployment that never made it.
func (o Options) lineage(ctx context.Context, emit func(inspect.Event)) (inspect.Pod, error) {
	line, err := o.Cluster.Lineage(ctx, o.Pod)
	if err != nil {
		return FromPod(o.Pod, nil), fmt.Errorf("following the pod's owners: %w", err)
	}
	for _, n := range line.Notes {
		emit(inspect.Event{Fact: inspect.Notice{Level: "warning", Text: n}})
	}
	p := FromPod(o.Pod, line.Template)
	p.Owner = nil
	for _, w := range line.Owners {
		p.Owner = append(p.Owner, inspect.Owner{Kind: w.Kind, Name: w.Name, UID: w.UID})
	}
	p.Selectors = pickedBy(o.Pod, line)
	if line.Workload == nil {
		return p, nil
	}
	revisions, err := o.Cluster.Revisions(ctx, line.Workload)
	if err != nil {
		return p, fmt.Errorf("reading the revisions of %s: %w", line.Workload.Name, err)
	}
	for _, r := range revisions {
		p.Revisions = append(p.Revisions, o.revision(r))
		emit(inspect.Event{Fact: inspect.Moment{
			Time: inspect.At(r.Created), What: fmt.Sprintf("revision %d of %s rolled out", r.Number,
				line.Workload.Name),
			Source: r.Kind + " " + r.Name, Trust: inspect.ByCluster,
		}})
	}
	return p, nil
}

// revision is a revision with its images. A revision whose pods run several digests of a container has none: which one
// it was is not known. An empty map and one without the container mean the same: not known.
func (o Options) revision(r kube.Revision) inspect.Revision {
	running := map[string]string{}
	for name, ids := range r.ImageIDs {
		if len(ids) == 1 {
			running[name] = ids[0]
		}
	}
	return inspect.Revision{
		Number: r.Number, Name: r.Name, Created: inspect.At(r.Created), Current: r.Holds(o.Pod), Cause: r.Cause,
		Images: r.Images, Running: running,
	}
}

// pickedBy is what the pod's controller picks it by. It is nil for a pod without a controller.
func pickedBy(pod *corev1.Pod, line kube.Lineage) []inspect.Selector {
	if len(line.Owners) == 0 || line.Selector == nil {
		return nil
	}
	keys, picks := kube.Picks(line.Selector, pod.Labels)
	if !picks {
		return nil
	}
	return []inspect.Selector{{Kind: line.Owners[0].Kind, Name: line.Owners[0].Name, Keys: keys}}
}
