package cluster

import (
	"context"
	"slices"

	"github.com/backtrail/backtrail/inspect/engine"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// Reach adds to the pod what follows from its service account, its node and the Services: roles of a cloud, what its
// node can copy, what sends traffic to it. What may not be read stands in Reach.Unseen, and is no reason to doubt the
// case.
func Reach(o Options, needs ...string) engine.Check {
	return engine.Check{Name: inspect.CheckReach, Scope: engine.PerCase, Needs: needs, Run: func(ctx context.Context,
		on engine.On, emit func(inspect.Event),
	) error {
		if o.Pod == nil {
			return engine.Nothing("the target is not a pod")
		}
		known := on.Case().Pod
		if known == nil {
			return engine.Unchecked("the pod itself is not in the case")
		}
		if o.Trace != nil {
			ctx = o.Trace(ctx, emit)
		}
		// The fact of the pod is emitted anew with what was added: lists are cloned first, since the case has them too.
		pod := *known
		pod.Reach.Unseen = slices.Clone(pod.Reach.Unseen)
		a, err := around(ctx, o)
		if err != nil {
			return err
		}
		a.account(&pod)
		a.selectors(&pod)
		a.nodeOf(&pod)
		emit(inspect.Event{Fact: pod})
		return ctx.Err()
	}}
}

// surroundings is what was read for the reach.
type surroundings struct {
	name     string // of the service account
	serves   reply[corev1.Service]
	node     *kube.Node
	nodeErr  error
	roles    []inspect.CloudRole
	rolesErr error
}

// around reads the service account, the Services and the node side by side.
func around(ctx context.Context, o Options) (*surroundings, error) {
	a := &surroundings{name: o.Pod.Spec.ServiceAccountName}
	var work engine.Group
	// every admitted pod names its account; one of a dump made by hand may not
	if a.name != "" {
		work.Go(func() error {
			account, err := o.Cluster.ServiceAccount(ctx, o.Pod.Namespace, a.name)
			if a.rolesErr = err; err == nil {
				a.roles = cloudRoles(account)
			}
			return nil
		})
	}
	work.Go(func() error {
		a.serves.list, a.serves.err = o.Cluster.Services(ctx, o.Pod)
		return nil
	})
	if o.Pod.Spec.NodeName != "" {
		work.Go(func() error {
			a.node, a.nodeErr = o.Cluster.Node(ctx, o.Pod.Spec.NodeName)
			return nil
		})
	}
	return a, work.Wait()
}

// annotations are those of service accounts by which clouds give a role to their pods.
// IAM roles for service accounts (EKS), Workload Identity (GKE), Workload ID (AKS). EKS Pod Identity and newer bindings
// of GKE stand on the side of the cloud, and are not shown by any object here.
var annotations = []struct{ key, cloud string }{
	{"eks.amazonaws.com/role-arn", "AWS"},
	{"iam.gke.io/gcp-service-account", "Google Cloud"},
	{"azure.workload.identity/client-id", "Azure"},
}

// cloudRoles are the roles that the annotations of a service account name. Whether the cloud trusts the account is
// decided on its side.
func cloudRoles(account *corev1.ServiceAccount) []inspect.CloudRole {
	var all []inspect.CloudRole
	for _, a := range annotations {
		if name := account.Annotations[a.key]; name != "" {
			all = append(all, inspect.CloudRole{Cloud: a.cloud, Name: name, Source: "annotation " + a.key +
				" of service account " + account.Name})
		}
	}
	return all
}

// account adds the roles that the service account names; one that the pod shows itself stands there already.
func (a *surroundings) account(pod *inspect.Pod) {
	r := &pod.Reach
	if a.rolesErr != nil {
		r.Unseen = append(r.Unseen, inspect.Unread{
			Source: inspect.ReachServiceAccount, Name: a.name,
			Reason: reason(a.rolesErr),
		})
	}
	r.Roles = slices.Clone(r.Roles)
	for _, role := range a.roles {
		if !slices.ContainsFunc(r.Roles, func(o inspect.CloudRole) bool {
			return o.Cloud == role.Cloud &&
				o.Name == role.Name
		}) {
			r.Roles = append(r.Roles, role)
		}
	}
	// the first of them, for the one line that has room for one
	if r.Role == "" && len(r.Roles) > 0 {
		r.Role = r.Roles[0].String()
	}
}

// selectors adds the Services that send traffic to the pod.
func (a *surroundings) selectors(pod *inspect.Pod) {
	if a.serves.err != nil {
		pod.Reach.Unseen = append(pod.Reach.Unseen,
			inspect.Unread{Source: inspect.ReachServices, Reason: reason(a.serves.err)})
		return
	}
	pod.Selectors = slices.Clone(pod.Selectors)
	for _, s := range a.serves.list {
		// the keys alone: the values are those of the pod, since the Service selects it
		keys := make([]string, 0, len(s.Spec.Selector))
		for key := range s.Spec.Selector {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		pod.Selectors = append(pod.Selectors, inspect.Selector{Kind: "Service", Name: s.Name, Keys: keys})
	}
}

// nodeOf adds the versions of the node that decide whether a checkpoint can be made.
func (a *surroundings) nodeOf(pod *inspect.Pod) {
	if a.nodeErr != nil {
		pod.Reach.Unseen = append(pod.Reach.Unseen,
			inspect.Unread{Source: inspect.ReachNodeObject, Reason: reason(a.nodeErr)})
	}
	if a.node != nil {
		pod.Runtime, pod.Kubelet = a.node.Runtime, a.node.Kubelet
	}
}
