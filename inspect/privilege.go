package inspect

import "strings"

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
