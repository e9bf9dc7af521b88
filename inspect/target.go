package inspect

import (
	"github.com/backtrail/backtrail/inspect/text"
	"strings"
)

// TargetKind says what a person pointed at.
type TargetKind string

// The kinds of targets.
const (
	TargetPod    TargetKind = "pod"    // a pod, or the newest pod of a workload
	TargetAlert  TargetKind = "alert"  // an alert whose pod is gone
	TargetImage  TargetKind = "image"  // an image reference, OCI layout or archive
	TargetBundle TargetKind = "bundle" // a saved case
)

// Target is what a case is about, as the person named it and as it was understood.
type Target struct {
	Kind      TargetKind `json:"kind"`
	Name      string     `json:"name"`                // as given: pod/web-0, oci:DIR, ghcr.io/…
	Namespace string     `json:"namespace,omitempty"` // of a pod
	Workload  string     `json:"workload,omitempty"`  // deploy, sts, ds, job: where the pod was found by its owner
	Container string     `json:"container,omitempty"` // only this container, where one was named
	Context   string     `json:"context,omitempty"`   // of the kubeconfig, or the snapshot
}

// ImageSubject is the subject of the image of a case without a pod.
const ImageContainer = "image"

// SavedDump is the path of the saved dump that the case was read from, in place of a cluster.
func (t Target) SavedDump() (string, bool) { return strings.CutPrefix(t.Context, "snapshot ") }

// Kubectl begins a command about the case's cluster. It names the context, unless the case was read from a saved
// dump: no kubeconfig knows that one.
func (t Target) Kubectl() string {
	if _, dump := t.SavedDump(); dump || t.Context == "" {
		return "kubectl"
	}
	return "kubectl --context " + text.Quote(t.Context)
}
