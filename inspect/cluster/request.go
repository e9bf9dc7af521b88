package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/backtrail/backtrail/kube"
)

// request is one object on its way into the cluster: the pod, an owner of it, or a container that was attached to it.
// The requests themselves are gone. They are put together from what they left behind: objects, their owners, and the
// times that the API server keeps.
type request struct {
	group, version, resource string
	operation                admissionv1.OperationType
	what                     string // the pod, Deployment web
	labels                   map[string]string
	when                     time.Time // zero where it is not known
}

// requests are those by which a container came in: those that ended in the pod, the pod's own first, or the one that
// attached it to the pod.
func (s *scene) requests(c kube.Container) []request {
	pod := request{
		version: "v1", resource: "pods", operation: admissionv1.Create, what: "the pod",
		labels: s.pod.Labels, when: s.created(),
	}
	// kubectl debug updates the subresource pods/ephemeralcontainers; a rule on pods alone does not see that (KEP-277).
	if c.Type == kube.TypeEphemeral {
		pod.resource, pod.operation, pod.what = "pods/ephemeralcontainers", admissionv1.Update,
			"the debug container "+c.Name
		_, pod.when = s.attachedBy(c)
		return []request{pod}
	}
	// Owners too: a webhook on Deployments refused or admitted the template, and one on pods sees what is left of it.
	all := []request{pod}
	for _, w := range s.lineage.Owners {
		group, version, found := strings.Cut(w.APIVersion, "/")
		if !found {
			group, version = "", w.APIVersion
		}
		if w.Unread == "" {
			all = append(all, request{
				group: group, version: version, resource: strings.ToLower(w.Kind) + "s",
				operation: admissionv1.Create, what: w.Kind + " " + w.Name,
				// A Deployment is older than its newest template: the ReplicaSet was made when the template came in.
				labels: w.Labels, when: s.lineage.Owners[0].Created, // of the ReplicaSet: then the template came in
			})
		}
	}
	return all
}

// ruledBy reports whether one of the rules applies to such a request.
func (r request) ruledBy(rules []admissionv1.RuleWithOperations) bool {
	return slices.ContainsFunc(rules, func(rule admissionv1.RuleWithOperations) bool {
		creates := slices.ContainsFunc(rule.Operations, func(o admissionv1.OperationType) bool {
			return o == r.operation || o == admissionv1.OperationAll
		})
		scoped := rule.Scope == nil || *rule.Scope == admissionv1.AllScopes ||
			*rule.Scope == admissionv1.NamespacedScope
		return creates && scoped && has(rule.APIGroups, r.group) && has(rule.APIVersions, r.version) &&
			hasResource(rule.Resources, r.resource)
	})
}

// has reports whether a list of a rule names s, or everything by a star.
func has(list []string, s string) bool { return slices.Contains(list, "*") || slices.Contains(list, s) }

// hasResource matches the wildcards of rules: * is every resource without its subresources
// (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/, rules).
func hasResource(list []string, s string) bool {
	resource, sub, isSub := strings.Cut(s, "/")
	if !isSub {
		return has(list, s) || slices.Contains(list, "*/*")
	}
	return slices.ContainsFunc([]string{s, resource + "/*", "*/" + sub, "*/*"},
		func(name string) bool { return slices.Contains(list, name) })
}

// choice is whether selectors pick a request.
type choice int

const (
	picked choice = iota
	passedOver
	notKnown
)

// choose reports whether the selectors of a gate pick the request, and why they do not.
func (s *scene) choose(r request, namespace, object *metav1.LabelSelector) (choice, string) {
	switch picks, known := picks(object, r.labels); {
	case !known:
		return notKnown, "its objectSelector cannot be read"
	case !picks:
		return passedOver, fmt.Sprintf("objectSelector %s does not match %s", metav1.FormatLabelSelector(object),
			r.what)
	}
	switch {
	// no selector, no need of the namespace's labels: an answer although they could not be read
	case empty(namespace):
		return picked, ""
	case s.namespace.err != nil:
		return notKnown, fmt.Sprintf("whether it applies to namespace %s is unknown: its labels could not be read",
			s.pod.Namespace)
	}
	switch picks, known := picks(namespace, s.namespaceLabels()); {
	case !known:
		return notKnown, "its namespaceSelector cannot be read"
	case !picks:
		return passedOver, fmt.Sprintf("namespaceSelector %s does not match namespace %s",
			metav1.FormatLabelSelector(namespace), s.pod.Namespace)
	}
	return picked, ""
}

// namespaceLabels are those of the namespace, with the one that the API server always adds.
func (s *scene) namespaceLabels() map[string]string {
	all := map[string]string{namespaceName: s.pod.Namespace}
	for k, v := range s.namespace.labels {
		all[k] = v
	}
	return all
}

const namespaceName = "kubernetes.io/metadata.name"

// empty reports a selector that selects everything, as one that is left out does in webhooks and policies.
func empty(s *metav1.LabelSelector) bool {
	return s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0
}

// picks reports whether a selector picks an object of these labels; known is false for a selector that is broken.
func picks(s *metav1.LabelSelector, of map[string]string) (picks, known bool) {
	if empty(s) {
		return true, true
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return false, false
	}
	return selector.Matches(labels.Set(of)), true
}
