package inspect

import "strings"

// MaxShared bounds how many of the other pods are named; how many there are is always said.
const MaxShared = 1000

// Reach is what the pod could touch.
type Reach struct {
	ServiceAccount  string      `json:"serviceAccount"`
	Role            string      `json:"role"` // the first of the cloud roles
	Secrets         []string    `json:"secrets"`
	ConfigMaps      []string    `json:"configMaps"`
	Volumes         []string    `json:"volumes"`
	Privileges      []Privilege `json:"privileges"`
	NetworkPolicies []string    `json:"networkPolicies"`
	// of the service account: mounted, none, or empty where nobody looked
	Token  string      `json:"token"`
	Tokens []Token     `json:"tokens"`     // those that are mounted
	Roles  []CloudRole `json:"cloudRoles"` // of a cloud, that the pod may take on
	// how Secrets, ConfigMaps and the node's files come into its containers
	Uses     []Use    `json:"uses"`
	Isolated []string `json:"isolated"` // ingress, egress: only what its network policies allow
	Shared   Shared   `json:"shared"`
	Unseen   []Unread `json:"unseen"`
}

// Whether a token of the service account is mounted.
const (
	TokenMounted = "mounted"
	TokenNone    = "none"
)

// Token is a token of the service account in the file tree of a container.
type Token struct {
	Container string `json:"container"`
	Path      string `json:"path"`
	Audience  string `json:"audience"` // empty: the API server
	Seconds   int64  `json:"seconds"`  // that it is valid for, before the kubelet renews it
}

// CloudRole is an identity of a cloud, or that there is one whose name stands elsewhere.
type CloudRole struct {
	Cloud  string `json:"cloud"`  // AWS, Google Cloud, Azure
	Name   string `json:"name"`   // empty where the cluster does not hold it
	Source string `json:"source"` // what says so
}

// String is the role in a few words.
func (r CloudRole) String() string {
	if r.Name == "" {
		return r.Cloud + " role, not named in the cluster"
	}
	return strings.TrimSpace(r.Cloud + " " + r.Name)
}

// Use is a way by which something comes into a container.
type Use struct {
	Kind      string `json:"kind"` // secret, config map, host path
	Name      string `json:"name"`
	Container string `json:"container"` // empty: the pod as a whole
	// mounted at /etc/db, env DB_PASSWORD, all of its environment, for pulling images
	How      string `json:"how"`
	ReadOnly bool   `json:"readOnly"`
}

// The kinds of a Use.
const (
	UseSecret    = "secret"
	UseConfigMap = "config map"
	UseHostPath  = "host path"
)

// Shared are the other pods that have something in common with this one.
type Shared struct {
	Digest         PodGroup `json:"digest"`
	ServiceAccount PodGroup `json:"serviceAccount"` // of the same namespace
	Node           PodGroup `json:"node"`
	Partial        bool     `json:"partial"` // not all namespaces could be listed
}

// PodGroup counts pods, and names some of them.
type PodGroup struct {
	Count int      `json:"count"`
	Pods  []string `json:"pods"` // namespace/name, sorted, at most MaxShared
}
