package cluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect/engine"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Options are the pod, and where it runs.
type Options struct {
	Cluster   kube.Source
	Pod       *corev1.Pod      // nil where the target is not a pod
	Container string           // only this container of the pod
	Roster    *kube.Roster     // of the pods that run beside it; nil: one of its own
	Client    *registry.Client // that is asked what tags mean now, and for manifests of other images; nil: nobody is

	// Trace makes what is read of the cluster a part of the case; nil keeps nothing.
	// Every request is a line of the custody log: which object was read when, by which account.
	Trace func(ctx context.Context, emit func(inspect.Event)) context.Context
	// Keep keeps one object as it was received, without what must not leave the cluster, under a mark of its own.
	Keep func(obj kube.Object, mark ...string) (inspect.Exhibit, error)
}

// withRoster makes sure that there is a roster.
func (o Options) withRoster() Options {
	if o.Roster == nil && o.Pod != nil {
		o.Roster = kube.NewRoster(o.Cluster, o.Pod.Namespace)
	}
	return o
}

// Check looks around the pod, once its owners are known. What may not be read is noted, and the rest goes on.
func Check(o Options, needs ...string) engine.Check {
	o = o.withRoster()
	return engine.Check{Name: inspect.CheckCluster, Scope: engine.PerCase, Needs: needs, Run: func(ctx context.Context,
		on engine.On,
		emit func(inspect.Event),
	) error {
		if o.Pod == nil {
			return engine.Nothing("the target is not a pod")
		}
		if o.Trace != nil {
			ctx = o.Trace(ctx, emit)
		}
		// A defect is a panic in one of the reads. What was refused or not found stands in the scene, and is no error.
		s, defect := look(ctx, o)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("looking around the pod: %w", err)
		}
		if defect != nil {
			return fmt.Errorf("looking around the pod: %w", defect)
		}
		s.sayPod(on.Case().Pod, emit)
		for _, e := range s.events() {
			emit(e)
		}
		identify(ctx, o.Cluster, emit)
		return nil
	}}
}

// identify records which cluster was read and as whom: for the chain of custody, after what may vanish. A saved dump
// names neither. It is found by its method, since a dump has none: a kube.Source that states nothing needs no empty
// answer.
//
// Nothing of it decides anything: two cases with one UID are of one cluster, as far as its API server can be trusted.
func identify(ctx context.Context, from kube.Source, emit func(inspect.Event)) {
	live, is := from.(interface {
		Identity(ctx context.Context) kube.Identity
	})
	if !is {
		return
	}
	id := live.Identity(ctx)
	emit(inspect.Event{Fact: inspect.ClusterIdentity{
		Server: id.Server, CA: id.CA, UID: id.UID, Version: id.Version, User: id.User, Groups: id.Groups,
		Unknown: id.Unknown,
	}})
}

// sayPod adds to the pod what network policies mean for it.
func (s *scene) sayPod(known *inspect.Pod, emit func(inspect.Event)) {
	if known == nil {
		return
	}
	pod := *known
	// not readable and none are distinguished: "no policy" would read as "every connection is allowed"
	if s.network.err != nil {
		pod.Reach.Unseen = append(slices.Clone(pod.Reach.Unseen),
			inspect.Unread{Source: inspect.ReachNetworkPolicies, Reason: reason(s.network.err)})
	} else {
		pod.Reach.NetworkPolicies, pod.Reach.Isolated = isolation(s.network.list)
		pod.Selectors = append(slices.Clone(pod.Selectors), policySelectors(s.pod, s.network.list)...)
	}
	pod.Owner = s.withManagers(pod.Owner)
	emit(inspect.Event{Fact: pod})
}

// events are all facts, in an order that does not change.
func (s *scene) events() []inspect.Event {
	var all []inspect.Event
	for _, c := range s.containers {
		// Gates are per container: a debug container came in by another request than its pod.
		for _, g := range append(s.gates(c), s.pinned(c)) {
			all = append(all, inspect.Event{Container: c.Name, Fact: g})
		}
	}
	for _, f := range s.findings() {
		all = append(all, inspect.Event{Fact: f})
	}
	for _, m := range s.moments() {
		all = append(all, inspect.Event{Fact: m})
	}
	if n := s.notice(); n != nil {
		all = append(all, inspect.Event{Fact: *n})
	}
	return all
}

// findings is what a person should know of the surroundings.
func (s *scene) findings() []inspect.Finding {
	var all []inspect.Finding
	all = append(all, s.admissionFindings()...)
	for _, c := range s.containers {
		switch {
		case c.Injected:
			all = append(all, s.injection(c))
		// Injected comes first: kube.Containers never calls a debug container injected, and who set an image stands in
		// templates, which have neither.
		case c.Type == kube.TypeEphemeral:
			all = append(all, s.debugging(c))
		default:
			all = append(all, s.setBy(c)...)
		}
		all = append(all, s.tagMoved(c)...)
	}
	all = append(all, s.restarted()...)
	all = append(all, s.helmMark()...)
	return append(all, s.openNetwork()...)
}
