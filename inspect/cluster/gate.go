package cluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// maxGates bounds the gates of one pod.
// clusters with a policy engine have tens of webhooks; more than this is no list that a person reads
const maxGates = 40

// Names of gates that are there for every pod.
const (
	GatePodSecurity = "pod security"
	GatePinned      = "pinned image"
)

// gates are those that stood before a container.
func (s *scene) gates(c kube.Container) []inspect.Gate {
	// the same requests for every gate of the container, so that they are judged by one picture
	in := s.requests(c)
	sum := s.summary(in)
	all := []inspect.Gate{{
		Name: GateAdmission, Kind: inspect.GateKindAdmission, Status: sum.status, Reason: sum.reason, Detail: sum.text,
		By: verifierOf(sum.by), Products: sum.products,
	}, s.podSecurity()}
	for _, h := range s.hooks() {
		// Some products verify images while they mutate (Kyverno resolves tags to digests): those count as gates.
		if h.mutates && verifierOf(h) == "" {
			continue // it changes objects; it refuses none
		}
		if how, concerned := s.stand(h, in); concerned {
			all = append(all, h.gate(how))
		}
	}
	for _, p := range s.policies.list {
		if how, concerned := s.standPolicy(p, in); concerned {
			all = append(all, policyGate(p, how))
		}
	}
	return all[:min(len(all), maxGates)]
}

// podSecurity is the gate of the Pod Security labels of the namespace.
func (s *scene) podSecurity() inspect.Gate {
	const enforce = "pod-security.kubernetes.io/enforce"
	g := inspect.Gate{Name: GatePodSecurity, Kind: inspect.GateKindPodSecurity}
	level := s.namespace.labels[enforce]
	switch {
	case s.namespace.err != nil:
		g.Status, g.Reason = inspect.GateUnknown, inspect.GateNotReadable
		g.Detail = "the namespace's labels could not be read: " + firstLine(s.namespace.err)
	case level == "":
		g.Status, g.Reason = inspect.GateNotEnforced, inspect.GateNoLabel
		g.Detail = fmt.Sprintf("namespace %s has no label %s; the standards restrict privileges, not images",
			s.pod.Namespace, enforce)
	// the standard that allows everything (kubernetes.io, "Pod Security Standards")
	case level == "privileged":
		g.Status, g.Detail = inspect.GateNotEnforced,
			fmt.Sprintf("namespace %s enforces level privileged, which allows everything", s.pod.Namespace)
	default:
		g.Status = inspect.GatePassed
		g.Detail = fmt.Sprintf("namespace %s enforces level %s, which restricts privileges, not images",
			s.pod.Namespace, level)
	}
	return g
}

// pinned is the gate of naming a digest: a tag can be moved.
func (s *scene) pinned(c kube.Container) inspect.Gate {
	g := inspect.Gate{Name: GatePinned, Kind: inspect.GateKindPinned, Status: inspect.GateAbsent}
	tag, digest := parts(c.Reference)
	// with both a tag and a digest runtimes pull the digest
	if digest != "" {
		g.Status, g.Detail = inspect.GatePassed, "the pod names a digest, so a moved tag has no effect"
		return g
	}
	g.Detail = fmt.Sprintf("the pod names tag %s, not a digest, and a tag can be moved", tag)
	switch s.pullPolicy(c.Name) {
	case corev1.PullAlways:
		g.Detail += "; imagePullPolicy Always resolves it again at each start"
	case corev1.PullIfNotPresent:
		g.Detail += "; imagePullPolicy IfNotPresent keeps what a node has, so nodes may run different images"
	case corev1.PullNever:
		g.Detail += "; imagePullPolicy Never uses what was loaded onto the node"
	}
	return g
}

// pullPolicy is the imagePullPolicy of a container of any type, empty where the pod has no such container. The API
// server fills in the default, so that it stands in every pod that was admitted.
func (s *scene) pullPolicy(container string) corev1.PullPolicy {
	for _, c := range s.pod.Spec.Containers {
		if c.Name == container {
			return c.ImagePullPolicy
		}
	}
	for _, c := range s.pod.Spec.InitContainers {
		if c.Name == container {
			return c.ImagePullPolicy
		}
	}
	for _, c := range s.pod.Spec.EphemeralContainers {
		if c.Name == container {
			return c.ImagePullPolicy
		}
	}
	return ""
}
