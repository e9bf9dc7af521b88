package inspect

import "strings"

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
	Others     []string    `json:"others"` // namespace/name of pods that run one of its digests
	Revisions  []Revision  `json:"revisions,omitempty"`
}

// Workload is the name of the pod's topmost owner, or its own. A list does not ask for a ReplicaSet's Deployment: its name
// is the Deployment's and a hash.
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
	Kind string `json:"kind"`
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// ContainerType says how a container came to be in its pod.
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
	Restarts    int           `json:"restarts"`
	Mounts      []Mount       `json:"mounts,omitempty"`
}

// Mount is a volume in the file tree of a container: what the image has at its path is hidden there.
type Mount struct {
	Path     string `json:"path"`
	Volume   string `json:"volume"` // its name in the pod
	Kind     string `json:"kind"`   // emptyDir, persistentVolumeClaim, hostPath, configMap, secret, projected, csi, …
	Source   string `json:"source"` // the claim, the path on the host, the name of the object; empty where there is none
	ReadOnly bool   `json:"readOnly"`
}

// Reach is what the pod could touch.
type Reach struct {
	ServiceAccount  string   `json:"serviceAccount"`
	Role            string   `json:"role"` // cloud role that annotations name
	Secrets         []string `json:"secrets"`
	ConfigMaps      []string `json:"configMaps"`
	Volumes         []string `json:"volumes"`
	Privileges      []string `json:"privileges"`
	NetworkPolicies []string `json:"networkPolicies"`
}

// Revision is an earlier or current template of the pod's workload.
type Revision struct {
	Number  int64             `json:"number"`
	Name    string            `json:"name"` // of the ReplicaSet or ControllerRevision
	Created Time              `json:"created"`
	Current bool              `json:"current"`
	Images  map[string]string `json:"images"`  // container name to reference
	Running map[string]string `json:"running"` // container name to imageID, where pods of it are still there
}
