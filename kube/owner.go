package kube

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owner is one object in the chain above a pod.
type Owner struct {
	APIVersion, Kind, Namespace, Name, UID string

	Created     time.Time // zero if it could not be read
	Labels      map[string]string
	Annotations map[string]string
	Managers    []metav1.ManagedFieldsEntry // which field manager wrote what, and when
	Unread      string                      // why it could not be read; "" if it was
}

// Lineage is a pod's chain of owners, from the nearest upwards.
type Lineage struct {
	Owners []Owner // none for a bare pod
	// Template is the pod template that this pod was made from, nil if it is not known.
	Template *corev1.PodTemplateSpec
	// Selector is that by which the nearest owner picks its pods, nil if it is not known or picks none.
	Selector *metav1.LabelSelector
	// Workload is the highest owner that was read and has a template, nil if there is none.
	Workload *Workload
	Notes    []string // what could not be read, in words
}

// Workload is what makes pods of a template.
type Workload struct {
	Owner
	Template corev1.PodTemplateSpec
	Selector *metav1.LabelSelector
	Replicas int32 // asked for; for a DaemonSet the nodes it should run on
}
