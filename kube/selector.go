package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
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

// Filter picks pods by what kubectl's -l and --field-selector name. nil picks all.
type Filter struct {
	labels labels.Selector
	fields fields.Selector
	words  string
}

// NewFilter reads the two selectors in kubectl's grammar; with both empty the filter is nil. An error names the flag.
func NewFilter(byLabel, byField string) (*Filter, error) {
	if byLabel == "" && byField == "" {
		return nil, nil
	}
	f := &Filter{}
	var err error
	if f.labels, err = labels.Parse(byLabel); err != nil {
		return nil, fmt.Errorf("reading -l %s: %w", byLabel, err)
	}
	if f.fields, err = fields.ParseSelector(byField); err != nil {
		return nil, fmt.Errorf("reading --field-selector %s: %w", byField, err)
	}
	known := podFields(&corev1.Pod{})
	for _, r := range f.fields.Requirements() {
		if !known.Has(r.Field) {
			names := slices.Sorted(maps.Keys(known))
			return nil, fmt.Errorf("reading --field-selector %s: pods have no field %q to select by; there are: %s",
				byField, r.Field, strings.Join(names, ", "))
		}
	}
	var words []string
	if byLabel != "" {
		words = append(words, "-l "+byLabel)
	}
	if byField != "" {
		words = append(words, "--field-selector "+byField)
	}
	f.words = strings.Join(words, " ")
	return f, nil
}

// podFields are the fields of a pod that can be selected by: those of the API server (kubernetes/pkg/registry/core/pod,
// ToSelectableFields), so that a dump is filtered as a cluster is.
func podFields(p *corev1.Pod) fields.Set {
	return fields.Set{
		"metadata.name":            p.Name,
		"metadata.namespace":       p.Namespace,
		"spec.nodeName":            p.Spec.NodeName,
		"spec.restartPolicy":       string(p.Spec.RestartPolicy),
		"spec.schedulerName":       p.Spec.SchedulerName,
		"spec.serviceAccountName":  p.Spec.ServiceAccountName,
		"spec.hostNetwork":         strconv.FormatBool(p.Spec.HostNetwork),
		"status.phase":             string(p.Status.Phase),
		"status.podIP":             p.Status.PodIP,
		"status.nominatedNodeName": p.Status.NominatedNodeName,
	}
}

// Picks reports whether a pod is one of those that were asked for.
func (f *Filter) Picks(p *corev1.Pod) bool {
	return f == nil || f.labels.Matches(labels.Set(p.Labels)) && f.fields.Matches(podFields(p))
}

// String is the filter as flags.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	return f.words
}
