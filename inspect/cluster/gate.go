package cluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// maxGates bounds the gates of one pod.
const maxGates = 40

// GateAdmissionPolicy begins the name of the gate of a policy that the API server itself evaluates.
const GateAdmissionPolicy = "admission policy "

// Names of gates that are there for every pod.
const (
	GatePodSecurity = "pod security"
	GatePinned      = "pinned image"
)

// gates are those that stood before a container.
func (s *scene) gates(c kube.Container) []inspect.Gate {
	in := s.requests(c)
	sum, by := s.summary(in)
	all := []inspect.Gate{{Name: GateAdmission, Status: sum.status, Detail: sum.text, By: verifierOf(by)}, s.podSecurity()}
	for _, h := range s.hooks() {
		if h.mutates && verifierOf(h) == "" {
			continue // it changes objects; it refuses none
		}
		if how, concerned := s.stand(h, in); concerned {
			name := "webhook " + h.name
			if h.mutates {
				name = "mutating " + name
			}
			all = append(all, inspect.Gate{
				Name: name, Status: how.status, Detail: fmt.Sprintf("%s (%s %s)", how.text, h.kind(), h.config),
				By: verifierOf(h), FailsOpen: h.ignores, Since: inspect.At(h.created),
			})
		}
	}
	for _, p := range s.policies.list {
		if how, concerned := s.standPolicy(p, in); concerned {
			g := inspect.Gate{
				Name: GateAdmissionPolicy + p.Name, Status: how.status, Detail: how.text + " (ValidatingAdmissionPolicy)",
				FailsOpen: ignores(p.Spec.FailurePolicy), Since: inspect.At(p.CreationTimestamp.Time),
			}
			if aboutImages(p) {
				g.By = inspect.APIServer
			}
			all = append(all, g)
		}
	}
	return all[:min(len(all), maxGates)]
}

// podSecurity is the gate of the Pod Security labels of the namespace.
func (s *scene) podSecurity() inspect.Gate {
	const enforce = "pod-security.kubernetes.io/enforce"
	g := inspect.Gate{Name: GatePodSecurity}
	level := s.namespace.labels[enforce]
	switch {
	case s.namespace.err != nil:
		g.Status, g.Detail = inspect.Unknown, "the namespace's labels could not be read: "+firstLine(s.namespace.err)
	case level == "":
		g.Status, g.Detail = inspect.Absent, fmt.Sprintf("namespace %s has no label %s; it would look at what a pod may do, not at its image", s.pod.Namespace, enforce)
	case level == "privileged":
		g.Status, g.Detail = inspect.Absent, fmt.Sprintf("namespace %s enforces level privileged, which refuses nothing", s.pod.Namespace)
	default:
		g.Status, g.Detail = inspect.Verified, fmt.Sprintf("namespace %s enforces level %s: that is about what a pod may do, not about its image", s.pod.Namespace, level)
	}
	return g
}

// pinned is the gate of asking for a digest: a tag can be moved.
func (s *scene) pinned(c kube.Container) inspect.Gate {
	g := inspect.Gate{Name: GatePinned, Status: inspect.Absent}
	tag, digest := parts(c.Reference)
	if digest != "" {
		g.Status, g.Detail = inspect.Verified, "the pod asks for a digest, so no tag could be moved under it"
		return g
	}
	g.Detail = fmt.Sprintf("the pod asks for tag %s, not for a digest, and a tag can be moved", tag)
	switch s.pullPolicy(c.Name) {
	case corev1.PullAlways:
		g.Detail += "; imagePullPolicy Always takes what it points to at each start"
	case corev1.PullIfNotPresent:
		g.Detail += "; imagePullPolicy IfNotPresent keeps what a node has, so that nodes may run different images"
	case corev1.PullNever:
		g.Detail += "; imagePullPolicy Never takes what somebody put on the node"
	}
	return g
}

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
