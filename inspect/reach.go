package inspect

import (
	"strings"
)

// MaxShared bounds how many of the other pods are named; how many there are is always given.
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

// PrivilegeKind is what a container may do beyond ordinary ones, or what its pod shares with the node.
type PrivilegeKind string

// The kinds of privileges, by the fields of the pod that grant them.
const (
	HostNetwork      PrivilegeKind = "host-network" // no NetworkPolicy applies to the pod
	HostPID          PrivilegeKind = "host-pid"
	HostIPC          PrivilegeKind = "host-ipc"
	SharedProcesses  PrivilegeKind = "shared-process-namespace"
	Privileged       PrivilegeKind = "privileged"
	Capabilities     PrivilegeKind = "capabilities" // added ones; Names lists them
	RunsAsRoot       PrivilegeKind = "runs-as-root"
	MayEscalate      PrivilegeKind = "may-escalate" // allowPrivilegeEscalation
	UnmaskedProc     PrivilegeKind = "unmasked-proc"
	SeccompOff       PrivilegeKind = "seccomp-unconfined"
	AppArmorOff      PrivilegeKind = "apparmor-unconfined"
	WindowsHostLevel PrivilegeKind = "windows-host-process"
)

// Privilege is one privilege of a container, or of the pod as a whole.
type Privilege struct {
	Kind      PrivilegeKind `json:"kind"`
	Container string        `json:"container"` // empty: the pod
	Names     []string      `json:"names,omitempty"`
}

// String words the privilege: web: capabilities NET_ADMIN.
func (p Privilege) String() string {
	text := map[PrivilegeKind]string{
		HostNetwork: "host network", HostPID: "host PID namespace", HostIPC: "host IPC namespace",
		SharedProcesses: "containers share one process namespace", Privileged: "privileged",
		Capabilities: "capabilities",
		RunsAsRoot:   "runs as root", MayEscalate: "may gain privileges", UnmaskedProc: "/proc unmasked",
		SeccompOff: "seccomp unconfined", AppArmorOff: "AppArmor unconfined",
		WindowsHostLevel: "runs as a process of its Windows node",
	}[p.Kind]
	if text == "" {
		text = string(p.Kind) // of a newer version
	}
	if len(p.Names) > 0 {
		text += " " + strings.Join(p.Names, ", ")
	}
	if p.Container != "" {
		text = p.Container + ": " + text
	}
	return text
}

// ReachesNode reports whether the privilege by itself gives a way to the node. The others only make that easier.
func (p Privilege) ReachesNode() bool {
	switch p.Kind {
	case RunsAsRoot, MayEscalate, SeccompOff, AppArmorOff, SharedProcesses:
		return false
	case HostNetwork, HostPID, HostIPC, Privileged, Capabilities, UnmaskedProc, WindowsHostLevel:
		return true
	}
	return true
}

// ReachSource is what of the cluster a part of the reach is read from.
type ReachSource string

// The sources of the reach.
const (
	ReachNetworkPolicies ReachSource = "network-policies"
	ReachServices        ReachSource = "services"
	ReachServiceAccount  ReachSource = "service-account"
	ReachNodeObject      ReachSource = "node"
)

// Unread is a part of the reach that could not be read.
type Unread struct {
	Source ReachSource `json:"source"`
	Name   string      `json:"name,omitempty"` // of the object, where it is one
	Reason string      `json:"reason"`
}

// String words what is missing and why.
func (u Unread) String() string {
	text := map[ReachSource]string{
		ReachNetworkPolicies: "network policies", ReachServices: "services that send traffic to it",
		ReachServiceAccount: "service account " + u.Name + ", which may name a cloud role", ReachNodeObject: "its node",
	}[u.Source]
	if text == "" {
		text = string(u.Source)
	}
	return text + ": " + u.Reason
}

// Lacks reports whether a source could not be read.
func (r Reach) Lacks(source ReachSource) bool {
	for _, u := range r.Unseen {
		if u.Source == source {
			return true
		}
	}
	return false
}

// Has reports whether the pod or one of its containers has a privilege.
func (r Reach) Has(kind PrivilegeKind) bool {
	for _, p := range r.Privileges {
		if p.Kind == kind {
			return true
		}
	}
	return false
}

// Node reports whether the pod has a way to its node: a privilege, or files of it.
func (r Reach) Node() bool {
	for _, p := range r.Privileges {
		if p.ReachesNode() {
			return true
		}
	}
	for _, u := range r.Uses {
		if u.Kind == UseHostPath {
			return true
		}
	}
	return false
}
