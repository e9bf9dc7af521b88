package inspect

import (
	"cmp"
	"strings"
)

// Pod is the pod of a case, or a row of the list of pods.
type Pod struct {
	Name       string      `json:"name"`
	Namespace  string      `json:"namespace"`
	UID        string      `json:"uid"`
	Node       string      `json:"node"`
	Phase      string      `json:"phase"`
	Owner      []Owner     `json:"owner"` // nearest first: ReplicaSet, Deployment
	Created    Time        `json:"created"`
	Containers []Container `json:"containers"`
	Reach      Reach       `json:"reach"`
	// namespace/name of pods that run one of its digests, at most MaxShared of them
	Others    []string   `json:"others"`
	Runtime   string     `json:"runtime,omitempty"`   // of its node: containerd://2.1.0
	Kubelet   string     `json:"kubelet,omitempty"`   // version of its node's
	Selectors []Selector `json:"selectors,omitempty"` // that pick it now
	Revisions []Revision `json:"revisions,omitempty"`
}

// Workload is the name of the pod's topmost owner, or its own. A list does not ask for a ReplicaSet's Deployment: its
// name is the Deployment's and a hash.
func (p *Pod) Workload() string {
	if len(p.Owner) == 0 {
		return p.Name
	}
	top := p.Owner[len(p.Owner)-1]
	if i := strings.LastIndexByte(top.Name, '-'); i > 0 && top.Kind == "ReplicaSet" {
		return top.Name[:i]
	}
	return top.Name
}

// Owner is a controller in the chain above a pod.
type Owner struct {
	Kind     string    `json:"kind"`
	Name     string    `json:"name"`
	UID      string    `json:"uid"`
	Created  Time      `json:"created,omitzero"`
	Managers []Manager `json:"managers,omitempty"` // the newest first
}

// Manager is who wrote fields of an object, as the API server keeps it. A manager names itself.
type Manager struct {
	Name   string   `json:"name"`
	Time   Time     `json:"time"`             // of its last change of any field
	Images []string `json:"images,omitempty"` // containers whose image it set
}

// ContainerType describes how a container came to be in its pod.
type ContainerType string

// The ways into a pod.
const (
	ContainerMain      ContainerType = "container"
	ContainerInit      ContainerType = "init"
	ContainerSidecar   ContainerType = "sidecar" // an init container with restartPolicy Always
	ContainerEphemeral ContainerType = "ephemeral"
)

// Container is a container of a pod.
type Container struct {
	Name        string        `json:"name"`
	Type        ContainerType `json:"type"`
	Injected    bool          `json:"injected"` // the owner's template does not have it
	Reference   string        `json:"reference"`
	ImageID     string        `json:"imageID"` // as the node reports it, in one of three forms
	ContainerID string        `json:"containerID"`
	Started     Time          `json:"started"`
	State       string        `json:"state"`
	// how the run before ended: terminated: OOMKilled, exit 137, 2026-03-01T08:00:00Z
	Last     string  `json:"last,omitempty"`
	Restarts int     `json:"restarts"`
	Mounts   []Mount `json:"mounts,omitempty"`
}

// Digest is the digest in the imageID, whatever stands before it; "" where there is none.
func (c Container) Digest() string {
	if i := strings.LastIndex(c.ImageID, "sha256:"); i >= 0 {
		return c.ImageID[i:]
	}
	return ""
}

// Selector is what picks the pod by its labels.
type Selector struct {
	Kind string   `json:"kind"` // ReplicaSet, Service, NetworkPolicy, …
	Name string   `json:"name"`
	Keys []string `json:"keys"` // labels that it asks for: without any one of them it lets go; none: it never does
}

// Mount is a volume in the file tree of a container: what the image has at its path is hidden there.
type Mount struct {
	Path   string `json:"path"`
	Volume string `json:"volume"` // its name in the pod
	Kind   string `json:"kind"`   // emptyDir, persistentVolumeClaim, hostPath, configMap, secret, projected, csi, …
	// the claim, the path on the host, the name of the object; empty where there is none
	Source   string `json:"source"`
	ReadOnly bool   `json:"readOnly"`
}

// Revision is an earlier or current template of the pod's workload.
type Revision struct {
	Number  int64             `json:"number"`
	Name    string            `json:"name"` // of the ReplicaSet or ControllerRevision
	Created Time              `json:"created"`
	Current bool              `json:"current"`
	Cause   string            `json:"cause,omitempty"` // annotation change-cause, written by anybody
	Images  map[string]string `json:"images"`          // container name to reference
	Running map[string]string `json:"running"`         // container name to imageID, where pods of it are still there
}

// FactKind is the fact's JSON name.
func (Pod) FactKind() string { return "pod" }

func (p Pod) fold(c *Case, _ Event) { c.Pod = &p }

// SameDigest is how many other pods run one of its digests.
func (p Pod) SameDigest() int { return max(p.Reach.Shared.Digest.Count, len(p.Others)) }

// PodChange is something that happened to the pod while the case was open. What was kept before stays.
type PodChange struct {
	Time    Time     `json:"time"`    // when it was heard of
	State   string   `json:"state"`   // changed, terminating, gone, replaced
	What    []string `json:"what"`    // in words
	Exhibit string   `json:"exhibit"` // path of the pod as it was then; empty where there is none
}

// The states of a PodChange.
const (
	PodChanged     = "changed"
	PodTerminating = "terminating" // it was asked to go
	PodGone        = "gone"
	PodReplaced    = "replaced" // gone, and another pod has its name
)

// FactKind is the fact's JSON name.
func (PodChange) FactKind() string { return "podChange" }

// fold: the key is time and state.
func (p PodChange) fold(c *Case, _ Event) {
	upsert(&c.Changes, p, func(a, b PodChange) int {
		return cmp.Or(a.Time.Compare(b.Time.Time), cmp.Compare(a.State,
			b.State))
	})
}
