package inspect

import (
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
)

// Header opens a stream.
type Header struct {
	Schema  string `json:"schema"`
	Tool    Tool   `json:"tool"`
	Target  Target `json:"target"`
	Started Time   `json:"started"`
}

// Tool names the program that made the case.
type Tool struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Revision string `json:"revision"`
}

// FactKind is the fact's JSON name.
func (Header) FactKind() string { return "header" }

func (h Header) fold(c *Case, _ Event) {
	c.Schema, c.Tool, c.Target, c.Started = h.Schema, h.Tool, h.Target, h.Started
}

// Session is one stretch of work on a case: who did it, where, and with which program. The first one follows the
// header; a later one is recorded with the first fact that somebody adds to a reopened case.
type Session struct {
	Operator   string   `json:"operator"` // the user of the operating system, or the name given by --operator
	CaseNumber string   `json:"caseNumber,omitempty"`
	Host       string   `json:"host"`
	TimeZone   string   `json:"timeZone"` // name and offset from UTC, as in CET +0100
	Tool       Tool     `json:"tool"`
	SHA256     string   `json:"sha256"`  // sha256:… of the program's own file; empty where it could not be read
	Command    []string `json:"command"` // the command line; values of secret flags are left out
	Started    Time     `json:"started"`
}

// FactKind is the fact's name in JSON.
func (Session) FactKind() string { return "session" }

func (s Session) fold(c *Case, _ Event) { c.Sessions = append(c.Sessions, s) }

// TargetKind describes what a person pointed at.
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

// ImageContainer is the subject of the image of a case without a pod.
const ImageContainer = "image"

// SavedDump is the path of the saved dump that the case was read from, in place of a cluster.
func (t Target) SavedDump() (string, bool) { return strings.CutPrefix(t.Context, "snapshot ") }

// Kubectl begins a command about the case's cluster. It names the context, unless the case was read from a saved
// dump: it is in no kubeconfig.
func (t Target) Kubectl() string {
	if _, dump := t.SavedDump(); dump || t.Context == "" {
		return "kubectl"
	}
	return "kubectl --context " + text.Quote(t.Context)
}
