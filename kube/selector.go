package kube

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// services is the kind of Services; EndpointSlices that are written by hand are not read.
func services() resource { return resource{version: "v1", plural: "services", kind: "Service"} }

// Services lists those of the pod's namespace that select the pod.
func (r *reading) Services(ctx context.Context, pod *corev1.Pod) ([]corev1.Service, error) {
	return collect(ctx, r, services(), pod.Namespace, func(s *corev1.Service) bool {
		return s.Namespace == pod.Namespace && len(s.Spec.Selector) > 0 &&
			labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels))
	})
}

// Picks reports whether a selector picks an object of these labels, and by which of them: without any one of keys it
// lets go. No keys: it picks whatever the labels are.
func Picks(selector *metav1.LabelSelector, of map[string]string) (keys []string, picks bool) {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil || selector == nil || !s.Matches(labels.Set(of)) {
		return nil, false
	}
	for key := range selector.MatchLabels {
		keys = append(keys, key)
	}
	for _, e := range selector.MatchExpressions {
		if e.Operator == metav1.LabelSelectorOpIn || e.Operator == metav1.LabelSelectorOpExists {
			keys = append(keys, e.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), true
}

// networkPolicies is the kind of Kubernetes' own policies; those of CNI plugins are other kinds and are not read.
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
