package subject

import (
	"context"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// WorkloadName is the name of the check that looks at what stands above the pod.
const WorkloadName = "workload"

// Workload follows the pod's owners and their revisions, says which containers were injected, and looks for other
// pods that run the same images. What may not be read is said, and the rest goes on.
func Workload(o Options) inspect.Check {
	if o.Roster == nil && o.Pod != nil {
		o.Roster = kube.NewRoster(o.Cluster, o.Pod.Namespace)
	}
	return inspect.Check{Name: WorkloadName, Scope: inspect.PerCase, Run: func(ctx context.Context, _ inspect.On, emit func(inspect.Event)) error {
		if o.Pod == nil {
			return inspect.Nothing("the target is no pod")
		}
		ctx = o.Trace(ctx, emit)
		o.keepFound(emit)
		p, err := o.lineage(ctx, emit)
		emit(inspect.Event{Pod: &p})
		full := p
		full.Others = o.others(ctx, emit)
		emit(inspect.Event{Pod: &full})
		return err
	}}
}

// keepFound keeps the objects that were read before the case began.
func (o Options) keepFound(emit func(inspect.Event)) {
	for _, obj := range o.Objects {
		x, err := exhibit(o.Client.Store(), obj)
		if err != nil {
			emit(inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: "not kept: " + err.Error()}})
			continue
		}
		emit(inspect.Event{Exhibit: &x})
	}
}

func (o Options) lineage(ctx context.Context, emit func(inspect.Event)) (inspect.Pod, error) {
	line, err := o.Cluster.Lineage(ctx, o.Pod)
	if err != nil {
		return FromPod(o.Pod, nil), fmt.Errorf("following the pod's owners: %w", err)
	}
	for _, n := range line.Notes {
		emit(inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: n}})
	}
	p := FromPod(o.Pod, line.Template)
	p.Owner = nil
	for _, w := range line.Owners {
		p.Owner = append(p.Owner, inspect.Owner{Kind: w.Kind, Name: w.Name, UID: w.UID})
	}
	if line.Workload == nil {
		return p, nil
	}
	revisions, err := o.Cluster.Revisions(ctx, line.Workload)
	if err != nil {
		return p, fmt.Errorf("reading the revisions of %s: %w", line.Workload.Name, err)
	}
	for _, r := range revisions {
		p.Revisions = append(p.Revisions, o.revision(r))
		emit(inspect.Event{Moment: &inspect.Moment{
			Time: inspect.At(r.Created), What: fmt.Sprintf("revision %d of %s rolled out", r.Number, line.Workload.Name),
			Source: r.Kind + " " + r.Name, Trust: inspect.ByCluster,
		}})
	}
	return p, nil
}

func (o Options) revision(r kube.Revision) inspect.Revision {
	running := map[string]string{}
	for name, ids := range r.ImageIDs {
		if len(ids) == 1 {
			running[name] = ids[0]
		}
	}
	return inspect.Revision{
		Number: r.Number, Name: r.Name, Created: inspect.At(r.Created), Current: r.Holds(o.Pod), Cause: r.Cause, Images: r.Images, Running: running,
	}
}

// others lists the pods that run one of this pod's digests.
func (o Options) others(ctx context.Context, emit func(inspect.Event)) []string {
	mine := map[string]bool{}
	for _, c := range kube.Containers(o.Pod, nil) {
		if id := c.Image(); id.Digest != "" {
			mine[id.Digest] = true
		}
	}
	peers, err := o.Roster.Peers(ctx)
	if err != nil {
		emit(inspect.Event{Notice: &inspect.Notice{Level: "warning", Text: "other pods with this digest are not known: " + err.Error()}})
	}
	for _, n := range peers.Notes {
		emit(inspect.Event{Notice: &inspect.Notice{Level: "info", Text: n}})
	}
	var found []string
	for _, p := range peers.Pods {
		if p.UID != string(o.Pod.UID) && slices.ContainsFunc(p.Containers, func(c kube.PeerContainer) bool { return mine[c.Image.Digest] }) {
			found = append(found, p.Path())
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
