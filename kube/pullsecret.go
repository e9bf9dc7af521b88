package kube

import (
	"context"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// secrets is a kind that is read for a flag only: for pulling images and for Helm releases.
func secrets() resource { return resource{version: "v1", plural: "secrets", kind: "Secret"} }

// serviceAccounts is the kind of the accounts that pods run as.
func serviceAccounts() resource {
	return resource{version: "v1", plural: "serviceaccounts", kind: "ServiceAccount"}
}

// PullSecrets reads the Secrets that the pod and its service account name for pulling images: the only Secrets that
// backtrail ever reads, and only if a person asks for it. Those that could not be read are left out and named in
// the error; the others are there. They are not told to a Trace, so that no bundle can hold them.
func (r *reading) PullSecrets(ctx context.Context, pod *corev1.Pod) ([]corev1.Secret, error) {
	// requests stay in the custody log, with their paths; objects do not
	ctx = context.WithValue(ctx, traceKey{}, Trace{Request: traceOf(ctx).Request})
	var errs []error
	refs := slices.Clone(pod.Spec.ImagePullSecrets)
	if name := pod.Spec.ServiceAccountName; name != "" {
		var account corev1.ServiceAccount
		if err := r.read(ctx, serviceAccounts(), pod.Namespace, name, &account); err != nil {
			errs = append(errs, err)
		}
		refs = append(refs, account.ImagePullSecrets...)
	}
	var found []corev1.Secret
	for _, name := range secretNames(refs) {
		var s corev1.Secret
		if err := r.read(ctx, secrets(), pod.Namespace, name, &s); err != nil {
			errs = append(errs, err)
			continue
		}
		found = append(found, s)
	}
	return found, errors.Join(errs...)
}

// secretNames are the names of references, once each, in their order: the kubelet tries them in it.
func secretNames(refs []corev1.LocalObjectReference) []string {
	var names []string
	for _, ref := range refs {
		if ref.Name != "" && !slices.Contains(names, ref.Name) {
			names = append(names, ref.Name)
		}
	}
	return names
}
