package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/kube"
)

// reply is a list, or why it is not known.
// The two are never mixed: an empty list is none, an error is not known.
type reply[T any] struct {
	list []T
	err  error
}

// scene is what was read around the pod.
type scene struct {
	pod        *corev1.Pod
	lineage    kube.Lineage
	containers []kube.Container // those that the case is about

	namespace struct {
		labels map[string]string
		err    error
	}
	mutating   reply[admissionv1.MutatingWebhookConfiguration]
	validating reply[admissionv1.ValidatingWebhookConfiguration]
	policies   reply[admissionv1.ValidatingAdmissionPolicy]
	bindings   reply[admissionv1.ValidatingAdmissionPolicyBinding]
	network    reply[networkingv1.NetworkPolicy]
	happened   reply[corev1.Event]
	peers      reply[kube.Peer] // all pods but this one
	node       *kube.Node       // nil where it could not be read
	tags       map[string]today // what the registry says of the tag of a container
}

// look reads all of it, side by side. The error is a defect of one of the reads; what may not be read stands in the
// scene.
// Ten requests or so, side by side: the slowest decides, not their sum.
func look(ctx context.Context, o Options) (*scene, error) {
	s := &scene{pod: o.Pod}
	var work engine.Group
	read := func(f func()) {
		work.Go(func() error {
			f()
			return nil
		})
	}
	read(func() {
		n, err := o.Cluster.ReadNamespace(ctx, o.Pod.Namespace)
		if s.namespace.err = err; err == nil {
			s.namespace.labels = n.Labels
		}
	})
	// The lists of the whole cluster need rights that a namespace's owner seldom has. Each is read by itself, so that
	// one that is refused costs no other.
	read(func() { s.mutating.list, s.mutating.err = o.Cluster.MutatingWebhooks(ctx) })
	read(func() { s.validating.list, s.validating.err = o.Cluster.ValidatingWebhooks(ctx) })
	read(func() { s.policies.list, s.policies.err = o.Cluster.AdmissionPolicies(ctx) })
	read(func() { s.bindings.list, s.bindings.err = o.Cluster.AdmissionBindings(ctx) })
	read(func() { s.network.list, s.network.err = o.Cluster.NetworkPolicies(ctx, o.Pod) })
	read(func() { s.follow(ctx, o) })
	read(func() { s.lookBeside(ctx, o) })
	read(func() { s.tags = tagsToday(ctx, o) })
	read(func() {
		if o.Pod.Spec.NodeName != "" { // that it could not be read is reported by the check of what ran before
			s.node, _ = o.Cluster.Node(ctx, o.Pod.Spec.NodeName)
		}
	})
	return s, work.Wait()
}

// follow reads what depends on the pod's owners: its containers and events.
func (s *scene) follow(ctx context.Context, o Options) {
	s.lineage, _ = o.Cluster.Lineage(ctx, o.Pod) // that it could not be read is said by the check of the workload
	for _, c := range kube.Containers(o.Pod, s.lineage.Template) {
		if o.Container == "" || c.Name == o.Container {
			s.containers = append(s.containers, c)
		}
	}
	s.happened.list, s.happened.err = o.Cluster.Events(ctx, s.about()...)
}

// lookBeside reads the other pods.
func (s *scene) lookBeside(ctx context.Context, o Options) {
	var all kube.Peers
	all, s.peers.err = o.Roster.Peers(ctx)
	s.peers.list = beside(all, o.Pod)
}

// beside are the pods without the pod itself.
func beside(all kube.Peers, pod *corev1.Pod) []kube.Peer {
	// the roster is shared by several checks: its list is not changed
	return slices.DeleteFunc(slices.Clone(all.Pods), func(p kube.Peer) bool {
		return p.UID == string(pod.UID) && p.Name == pod.Name && p.Namespace == pod.Namespace
	})
}

// about is what events are asked of, besides what the check of events asked: the owners above the nearest.
func (s *scene) about() []kube.About {
	var all []kube.About
	for at, w := range s.lineage.Owners {
		if at > 0 && w.Unread == "" {
			all = append(all, kube.About{Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, UID: w.UID})
		}
	}
	return all
}

// created is when the pod came into the cluster.
func (s *scene) created() time.Time { return s.pod.CreationTimestamp.Time }

// notice states in one line what could not be seen.
func (s *scene) notice() *inspect.Notice {
	var what []string
	var first error
	add := func(name string, err error) {
		if err == nil {
			return
		}
		what = append(what, name)
		if first == nil {
			first = err
		}
	}
	// in the order in which a person misses them
	add("the namespace's labels", s.namespace.err)
	add("mutating webhooks", s.mutating.err)
	add("validating webhooks", s.validating.err)
	add("admission policies", s.policies.err)
	add("their bindings", s.bindings.err)
	add("network policies", s.network.err)
	add("events", s.happened.err)
	add("other pods", s.peers.err)
	if len(what) == 0 {
		return nil
	}
	return &inspect.Notice{
		Level: "info", Text: "could not be read of the cluster: " + strings.Join(what, ", ") + " (" + reason(first) +
			")",
		Hint: "backtrail rbac prints the role that may read them; for a dump, add them to the kubectl get",
	}
}

// reason is why something could not be read, in plain words.
func reason(err error) string {
	if errors.Is(err, kube.ErrForbidden) {
		return "not permitted"
	}
	return firstLine(err)
}

// firstLine is the error without the hints and lists that some clients put below it.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
