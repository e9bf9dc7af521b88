package kube

// Node is the state of a node, as its kubelet reports it.
type Node struct {
	Name, OS, Architecture string
	Kernel                 string // 6.12.0; of Windows its release, 10.0.20348.2227
	Runtime, Kubelet       string // containerd://1.7.2 and the like; v1.31.0
	Images                 []NodeImage
}

// NodeImage is an image that the kubelet reports, by all names it has there:
// REPO:TAG and REPO@sha256:…. The kubelet lists at most 50 by default.
type NodeImage struct {
	Names []string
	Size  int64 // bytes
}

// Platform is OS/ARCH, or "" if the node does not report it.
func (n Node) Platform() string {
	if n.OS == "" || n.Architecture == "" {
		return ""
	}
	return n.OS + "/" + n.Architecture
}

// OSVersion is the release of Windows that decides which images the node can run; empty for other systems.
func (n Node) OSVersion() string {
	if n.OS != "windows" {
		return ""
	}
	return n.Kernel
}
