package cluster

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// isolation names the policies that select the pod, and for which directions they leave only what they allow. A policy
// without policyTypes is about ingress, and about egress if it has rules for it (networking.k8s.io/v1,
// NetworkPolicySpec).
// Policies add up: what any of them allows is allowed, and one that selects the pod isolates it in its directions.
func isolation(list []networkingv1.NetworkPolicy) (names, isolated []string) {
	for _, p := range list {
		names = append(names, p.Name)
		types := p.Spec.PolicyTypes
		if len(types) == 0 {
			types = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			if len(p.Spec.Egress) > 0 {
				types = append(types, networkingv1.PolicyTypeEgress)
			}
		}
		for _, t := range types {
			// a type that is not known isolates nothing that could be named
			word := map[networkingv1.PolicyType]string{
				networkingv1.PolicyTypeIngress: "ingress",
				networkingv1.PolicyTypeEgress:  "egress",
			}[t]
			if word != "" && !slices.Contains(isolated, word) {
				isolated = append(isolated, word)
			}
		}
	}
	slices.Sort(isolated)
	return names, isolated
}

// policySelectors lists the network policies with the labels by which they select the pod, so that a step that changes
// labels can name those that it loses.
func policySelectors(pod *corev1.Pod, list []networkingv1.NetworkPolicy) []inspect.Selector {
	var all []inspect.Selector
	for i := range list {
		if keys, picks := kube.Picks(&list[i].Spec.PodSelector, pod.Labels); picks {
			all = append(all, inspect.Selector{Kind: "NetworkPolicy", Name: list[i].Name, Keys: keys})
		}
	}
	return all
}
