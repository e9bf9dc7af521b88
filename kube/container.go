package kube

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// ContainerType is the place of a container in its pod, in the words of the case.
type ContainerType string

// The four types. A native sidecar is an init container with restartPolicy Always;
// an ephemeral container means that somebody debugged.
const (
	TypeContainer ContainerType = "container"
	TypeInit      ContainerType = "init"
	TypeSidecar   ContainerType = "sidecar"
	TypeEphemeral ContainerType = "ephemeral"
)

// Container is one container of a pod: what the specification names and what the node reports.
type Container struct {
	Name string
	Type ContainerType
	// Injected: the owner's template does not have it, so something added it on the
	// way into the cluster. Never set for ephemeral containers, nor without a template.
	Injected bool

	Reference   string // image of the spec, as written
	StatusImage string // image of the status: the name that the runtime knows
	ImageID     string // as the node reports it, "" before the pull; see ParseImageID

	ContainerID   string   // runtime://<64 hex>, "" before the first start
	TerminatedIDs []string // earlier container IDs that the status still knows

	State    string    // running, waiting: REASON, terminated: REASON, or "" if not known
	Started  time.Time // start of the present or, if it ended, of the last run; zero if never
	Restarts int32
	// how the run before the present one ended: terminated: OOMKilled, exit 137, TIME; "" if there was none
	Last string
}

// Image is the parsed ImageID.
func (c Container) Image() ImageID { return ParseImageID(c.ImageID) }

// Containers lists all containers of a pod, in this order: containers, sidecars, init containers,
// ephemeral ones; within each, that of the spec. template is that of the owner, or nil if it
// is not known: then nothing is called injected.
func Containers(pod *corev1.Pod, template *corev1.PodTemplateSpec) []Container {
	known := templateNames(template)
	// By name: a webhook adds containers under names of its own. One that replaces a container of the template keeps
	// its name, and shows by its image.
	injected := func(name string) bool { return template != nil && !known[name] }

	var main, sidecars, inits, ephemeral []Container
	for _, c := range pod.Spec.Containers {
		row := Container{Name: c.Name, Type: TypeContainer, Reference: c.Image, Injected: injected(c.Name)}
		main = append(main, row.withStatus(pod.Status.ContainerStatuses))
	}
	for _, c := range pod.Spec.InitContainers {
		row := Container{Name: c.Name, Type: TypeInit, Reference: c.Image, Injected: injected(c.Name)}
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			row.Type = TypeSidecar
			sidecars = append(sidecars, row.withStatus(pod.Status.InitContainerStatuses))
			continue
		}
		inits = append(inits, row.withStatus(pod.Status.InitContainerStatuses))
	}
	for _, c := range pod.Spec.EphemeralContainers {
		row := Container{Name: c.Name, Type: TypeEphemeral, Reference: c.Image}
		ephemeral = append(ephemeral, row.withStatus(pod.Status.EphemeralContainerStatuses))
	}
	all := append(main, sidecars...)
	all = append(all, inits...)
	return append(all, ephemeral...)
}

// templateNames is the set of container names that the owner asked for.
func templateNames(template *corev1.PodTemplateSpec) map[string]bool {
	names := map[string]bool{}
	if template == nil {
		return names
	}
	for _, c := range template.Spec.Containers {
		names[c.Name] = true
	}
	for _, c := range template.Spec.InitContainers {
		names[c.Name] = true
	}
	return names
}

// withStatus adds what the node reports of the container.
func (c Container) withStatus(statuses []corev1.ContainerStatus) Container {
	for i := range statuses {
		s := &statuses[i]
		if s.Name != c.Name {
			continue
		}
		c.StatusImage, c.ImageID, c.ContainerID = s.Image, s.ImageID, s.ContainerID
		c.Restarts = s.RestartCount
		c.State, c.Started = state(s.State)
		if c.Started.IsZero() {
			_, c.Started = state(s.LastTerminationState)
		}
		c.TerminatedIDs, c.Last = terminatedIDs(s), lastRun(s.LastTerminationState.Terminated)
		return c
	}
	return c
}

// state describes a container state, with the time that run began.
func state(s corev1.ContainerState) (string, time.Time) {
	switch {
	case s.Running != nil:
		return "running", s.Running.StartedAt.Time
	case s.Terminated != nil:
		return reasoned("terminated", s.Terminated.Reason), s.Terminated.StartedAt.Time
	case s.Waiting != nil:
		return reasoned("waiting", s.Waiting.Reason), time.Time{}
	default:
		return "", time.Time{}
	}
}

// lastRun describes how a run ended.
func lastRun(t *corev1.ContainerStateTerminated) string {
	if t == nil {
		return ""
	}
	text := fmt.Sprintf("%s, exit %d", reasoned("terminated", t.Reason), t.ExitCode)
	if !t.FinishedAt.IsZero() {
		text += ", " + t.FinishedAt.UTC().Format(time.RFC3339)
	}
	return text
}

// reasoned adds the reason to a state, as kubectl does in its STATUS column.
func reasoned(word, reason string) string {
	if reason == "" {
		return word
	}
	return word + ": " + reason
}

// terminatedIDs are the container IDs of runs that ended, without the present one.
// An alert of before the restart names such an ID.
func terminatedIDs(s *corev1.ContainerStatus) []string {
	var ids []string
	for _, t := range []*corev1.ContainerStateTerminated{s.LastTerminationState.Terminated, s.State.Terminated} {
		// the status has the last run twice while a container waits to restart
		if t != nil && t.ContainerID != "" && t.ContainerID != s.ContainerID {
			ids = append(ids, t.ContainerID)
		}
	}
	return ids
}
