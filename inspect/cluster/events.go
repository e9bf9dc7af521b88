package cluster

import (
	"context"

	"github.com/backtrail/backtrail/inspect/engine"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// Events keeps the cluster's remaining events of the pod, of what made it and of its node: the API server drops them
// after an hour. It needs nothing but the pod, so that it can be among the first requests; events of the owners above
// are read by Check.
func Events(o Options) engine.Check {
	return engine.Check{Name: inspect.CheckEvents, Scope: engine.PerCase, Run: func(ctx context.Context, _ engine.On,
		emit func(inspect.Event),
	) error {
		if o.Pod == nil {
			return engine.Nothing("the target is not a pod")
		}
		if o.Trace != nil {
			ctx = o.Trace(ctx, emit)
		}
		// what was read before an error is given: two of three lists are better than none
		list, err := o.Cluster.Events(ctx, o.first()...)
		for _, m := range momentsOf(list) {
			emit(inspect.Event{Fact: m})
		}
		if err != nil && ctx.Err() == nil {
			emit(missing("cluster/event-"+o.Pod.Namespace+"-"+o.Pod.Name+".json", firstLine(err)))
			emit(inspect.Event{Fact: inspect.Notice{Level: "info", Text: "not all events are kept: " + firstLine(err)}})
		}
		return ctx.Err()
	}}
}

// first is what events are asked of first.
func (o Options) first() []kube.About {
	all := []kube.About{{Kind: "Pod", Namespace: o.Pod.Namespace, Name: o.Pod.Name, UID: string(o.Pod.UID)}}
	// a static pod names its Node as controller; that is added below
	if ref := metav1.GetControllerOf(o.Pod); ref != nil && ref.Kind != "Node" {
		all = append(all, kube.About{Kind: ref.Kind, Namespace: o.Pod.Namespace, Name: ref.Name, UID: string(ref.UID)})
	}
	if o.Pod.Spec.NodeName != "" {
		all = append(all, kube.About{Kind: "Node", Name: o.Pod.Spec.NodeName})
	}
	return all
}

// missing reports whether something could not be kept, and why.
func missing(path, why string) inspect.Event {
	return inspect.Event{Fact: inspect.Exhibit{Path: path, Missing: why}}
}
