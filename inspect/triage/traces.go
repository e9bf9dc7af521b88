package triage

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
)

// TracesOf returns what an alert contains about its pod. listed is the pod as it was on the list;
// nil if it never was.
func TracesOf(a *alert.Alert, listed *inspect.Pod) PodTraces {
	t := PodTraces{
		Namespace: a.Namespace, Name: a.Pod, Node: a.Node, Workload: a.Workload, WorkloadKind: a.WorkloadKind,
		Container: a.Container, ContainerID: a.ContainerID, Reference: a.Image, Listed: listed,
	}
	switch repo, _, pinned := strings.Cut(a.Image, "@"); {
	case a.Digest == "":
	case a.Config:
		t.ImageID = a.Digest
	case pinned || !strings.Contains(repo, "sha256:"):
		t.ImageID = repository(repo) + "@" + a.Digest
	default:
		t.ImageID = a.Digest
	}
	if strings.HasPrefix(a.Image, "sha256:") { // a digest that Falco cut at its colon is not a reference
		t.Reference = ""
	}
	return t
}

// Image returns the best reference of the image that the traces contain; "" if there is none.
func (t PodTraces) Image() string {
	if strings.Contains(t.ImageID, "@") {
		return t.ImageID
	}
	return t.Reference
}

// repository returns a reference without its tag.
func repository(reference string) string {
	if colon := strings.LastIndexByte(reference, ':'); colon > strings.LastIndexByte(reference, '/') {
		return reference[:colon]
	}
	return reference
}
