package kube

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func networkPolicies() resource {
	return resource{group: "networking.k8s.io", version: "v1", plural: "networkpolicies", kind: "NetworkPolicy"}
}

// NetworkPolicies lists those of the pod's namespace that select the pod. Whether the cluster's network enforces them
// is not known.
func (r *reading) NetworkPolicies(ctx context.Context, pod *corev1.Pod) ([]networkingv1.NetworkPolicy, error) {
	return collect(ctx, r, networkPolicies(), pod.Namespace, func(p *networkingv1.NetworkPolicy) bool {
		selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		return err == nil && p.Namespace == pod.Namespace && selector.Matches(labels.Set(pod.Labels))
	})
}
