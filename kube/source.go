// Package kube reads what runs where: in a live cluster (Cluster) or in a saved
// dump of one (Snapshot). Both only read. Objects come back as the plain
// client-go structs; what the rest of backtrail asks of them (containers, image
// IDs, owners, revisions, nodes) is worked out here, once for both.
//
// The package is a leaf: it imports neither registries nor the engine.
package kube

import (
	"context"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Source answers what runs where. It is a live *Cluster or a saved *Snapshot.
// All methods may be called from several goroutines.
type Source interface {
	// Context names the source for people: a kubeconfig context, or "snapshot FILE".
	Context() string
	// Namespace is where a pod is looked for if nobody names another: that of the
	// flag, else of the kubeconfig context, else "default".
	Namespace() string

	// Pod reads one pod with one request. The error is ErrNotFound if there is none.
	Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error)
	// Pods streams the pods of scope, page by page (at most PageSize each), in the
	// server's order. It stops at the first error of each.
	Pods(ctx context.Context, scope Scope, each func(page []corev1.Pod) error) (Listing, error)

	// Lineage follows the pod's owners up to its workload. An owner that cannot be
	// read is not an error: it is in the chain by its name, with the reason.
	Lineage(ctx context.Context, pod *corev1.Pod) (Lineage, error)
	// Workload reads the deployment, statefulset, daemonset, replicaset or job of that name.
	// kind is as the command line writes it: deploy, sts, ds, rs, job or the full name.
	Workload(ctx context.Context, kind, namespace, name string) (*Workload, error)
	// PodsOf lists the pods that the workload's selector picks and that it owns.
	PodsOf(ctx context.Context, w *Workload) ([]corev1.Pod, error)
	// Revisions lists what the workload ran and runs, newest first. Jobs have none.
	Revisions(ctx context.Context, w *Workload) ([]Revision, error)

	// ReadNamespace reads the namespace itself, for its labels.
	ReadNamespace(ctx context.Context, name string) (*corev1.Namespace, error)
	// ServiceAccount reads the account that a pod runs as, for its annotations.
	ServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error)
	// Log reads what one run of a container wrote, the newest lines of it. A dump has none: ErrNotFound.
	Log(ctx context.Context, pod *corev1.Pod, container string, previous bool) (Log, error)
	// Events lists the events of some objects, oldest first.
	Events(ctx context.Context, objects ...About) ([]corev1.Event, error)
	// Services lists those that select the pod. Only Services with a selector pick pods by themselves.
	Services(ctx context.Context, pod *corev1.Pod) ([]corev1.Service, error)
	// NetworkPolicies lists those that select the pod.
	NetworkPolicies(ctx context.Context, pod *corev1.Pod) ([]networkingv1.NetworkPolicy, error)
	// MutatingWebhooks, ValidatingWebhooks, AdmissionPolicies and AdmissionBindings list what stands before every
	// object on its way into the cluster. For a dump that has none of a kind it is unknown: the error is ErrNotFound.
	MutatingWebhooks(ctx context.Context) ([]admissionv1.MutatingWebhookConfiguration, error)
	ValidatingWebhooks(ctx context.Context) ([]admissionv1.ValidatingWebhookConfiguration, error)
	AdmissionPolicies(ctx context.Context) ([]admissionv1.ValidatingAdmissionPolicy, error)
	AdmissionBindings(ctx context.Context) ([]admissionv1.ValidatingAdmissionPolicyBinding, error)

	// Custom lists the custom resources of a kind as raw JSON; namespace "" means all.
	Custom(ctx context.Context, kind CustomKind, namespace string) ([]Object, error)
	// EachCustom streams them, where there may be many. It stops at the first error of each.
	EachCustom(ctx context.Context, kind CustomKind, namespace string, each func(Object) error) error

	// PullSecrets reads the Secrets that the pod and its service account name for pulling images. Only a flag asks for
	// it.
	PullSecrets(ctx context.Context, pod *corev1.Pod) ([]corev1.Secret, error)
	// HelmReleases reads the Secrets in which Helm keeps the revisions of a release. Only a flag asks for it. A dump's
	// Secrets are not looked at: ErrNotFound.
	HelmReleases(ctx context.Context, namespace, release string) ([]corev1.Secret, error)

	// Node reads a node: its platform and the images that its kubelet reports.
	Node(ctx context.Context, name string) (*Node, error)
}

// PageSize is the number of objects asked for at once.
const PageSize = 500

// Scope describes which namespaces to list.
// It is a wish: what may be listed decides, and Listing has what was.
type Scope struct {
	// Namespaces to list; none means all of them.
	Namespaces []string
	// Fallback is listed, after the source's own namespace, where listing all
	// namespaces is forbidden: those that alerts name.
	Fallback []string
	// Labels that a pod must have, all of them; none means all pods.
	Labels map[string]string
}

// Listing describes how a list went.
type Listing struct {
	Pods       int      // number of pods given to each
	Namespaces []string // namespaces listed; empty means all
	Notes      []string // what could not be seen, in words
	// Versions are where a watch goes on, by namespace listed, "" for all; a dump has none. See Cluster.WatchPods.
	Versions map[string]string
}
