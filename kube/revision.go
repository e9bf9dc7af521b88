package kube

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Revision is one rollout of a workload: a ReplicaSet of a Deployment, or a ControllerRevision
// of a StatefulSet or DaemonSet.
type Revision struct {
	Number  int64 // deployment.kubernetes.io/revision, or .revision
	Kind    string
	Name    string
	UID     string
	Hash    string // pod-template-hash or controller-revision-hash, which its pods carry
	Created time.Time
	Cause   string // kubernetes.io/change-cause, written by anybody
	// Images maps each container of its template to the reference asked for: often a tag.
	Images map[string]string
	// ImageIDs maps a container to the image IDs that pods of this revision still report.
	ImageIDs map[string][]string
	Pods     int // of this revision, still there
}

// Holds reports whether the pod was made by this revision.
func (r Revision) Holds(pod *corev1.Pod) bool {
	for _, ref := range pod.OwnerReferences {
		if r.UID != "" && string(ref.UID) == r.UID {
			return true
		}
	}
	return r.Kind == "ControllerRevision" && r.Hash != "" && pod.Labels[labelRevisionHash] == r.Hash
}

// Labels that controllers put on pods to say which revision they are of.
const (
	labelTemplateHash = "pod-template-hash"
	labelRevisionHash = "controller-revision-hash"
)
