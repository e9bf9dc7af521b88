package kube

import (
	"context"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
)

// namespaces is the kind of namespaces themselves.
func namespaces() resource {
	return resource{version: "v1", plural: "namespaces", kind: "Namespace", global: true}
}

// admission is a kind of the group that configures admission; none of them is in a namespace.
func admission(plural, kind string) resource {
	return resource{group: "admissionregistration.k8s.io", version: "v1", plural: plural, kind: kind, global: true}
}

// ReadNamespace reads the namespace itself, for its labels.
func (r *reading) ReadNamespace(ctx context.Context, name string) (*corev1.Namespace, error) {
	n := &corev1.Namespace{}
	if err := r.read(ctx, namespaces(), "", name, n); err != nil {
		return nil, err
	}
	return n, nil
}

// MutatingWebhooks lists the configurations of webhooks that may change an object on its way in.
func (r *reading) MutatingWebhooks(ctx context.Context) ([]admissionv1.MutatingWebhookConfiguration, error) {
	res := admission("mutatingwebhookconfigurations", "MutatingWebhookConfiguration")
	return collect[admissionv1.MutatingWebhookConfiguration](ctx, r, res, "", nil)
}

// ValidatingWebhooks lists the configurations of webhooks that may refuse an object.
func (r *reading) ValidatingWebhooks(ctx context.Context) ([]admissionv1.ValidatingWebhookConfiguration, error) {
	res := admission("validatingwebhookconfigurations", "ValidatingWebhookConfiguration")
	return collect[admissionv1.ValidatingWebhookConfiguration](ctx, r, res, "", nil)
}

// AdmissionPolicies lists the policies that the API server itself evaluates.
func (r *reading) AdmissionPolicies(ctx context.Context) ([]admissionv1.ValidatingAdmissionPolicy, error) {
	res := admission("validatingadmissionpolicies", "ValidatingAdmissionPolicy")
	return collect[admissionv1.ValidatingAdmissionPolicy](ctx, r, res, "", nil)
}

// AdmissionBindings lists what puts admission policies into force, and how: deny, warn or audit.
func (r *reading) AdmissionBindings(ctx context.Context) ([]admissionv1.ValidatingAdmissionPolicyBinding, error) {
	res := admission("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding")
	return collect[admissionv1.ValidatingAdmissionPolicyBinding](ctx, r, res, "", nil)
}

// ServiceAccount reads the account that the pod runs as, for its annotations: they may name a role of a cloud.
func (r *reading) ServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	a := &corev1.ServiceAccount{}
	if err := r.read(ctx, serviceAccounts(), namespace, name, a); err != nil {
		return nil, err
	}
	return a, nil
}
