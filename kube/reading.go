package kube

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
)

// reading answers everything from two reads, which a cluster and a snapshot each have.
type reading struct{}

var errLater = errors.New("not yet")

// Pod reads one pod.
func (r *reading) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	return nil, errLater
}

// Pods streams the pods of scope.
func (r *reading) Pods(ctx context.Context, scope Scope, each func([]corev1.Pod) error) (Listing, error) {
	return Listing{}, errLater
}

// Lineage follows the pod's owners.
func (r *reading) Lineage(ctx context.Context, pod *corev1.Pod) (Lineage, error) {
	return Lineage{}, errLater
}

// Workload reads a workload by kind and name.
func (r *reading) Workload(ctx context.Context, kind, namespace, name string) (*Workload, error) {
	return nil, errLater
}

// PodsOf lists a workload's pods.
func (r *reading) PodsOf(ctx context.Context, w *Workload) ([]corev1.Pod, error) {
	return nil, errLater
}

// Revisions lists a workload's revisions.
func (r *reading) Revisions(ctx context.Context, w *Workload) ([]Revision, error) {
	return nil, errLater
}

// Node reads a node.
func (r *reading) Node(ctx context.Context, name string) (*Node, error) { return nil, errLater }

var (
	_ Source = (*Cluster)(nil)
	_ Source = (*Snapshot)(nil)
)
