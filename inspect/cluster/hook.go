package cluster

import (
	"cmp"
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
)

// hook is a webhook of admission, of either kind.
// Both kinds have the same fields in the API and different Go types; one type keeps the rules about them in one place.
type hook struct {
	config, name      string
	mutates           bool
	created           time.Time // of its configuration
	rules             []admissionv1.RuleWithOperations
	namespace, object *metav1.LabelSelector
	ignores           bool // failurePolicy Ignore: while it does not answer, all is let in
	conditions        int  // matchConditions, which are not evaluated here
}

// hooks are all webhooks that could be read.
func (s *scene) hooks() []hook {
	var all []hook
	// One configuration may have several webhooks, each with rules and selectors of its own.
	for _, c := range s.validating.list {
		for _, w := range c.Webhooks {
			all = append(all, hook{
				config: c.Name, name: w.Name, created: c.CreationTimestamp.Time, rules: w.Rules,
				namespace: w.NamespaceSelector,
				object:    w.ObjectSelector, ignores: ignores(w.FailurePolicy), conditions: len(w.MatchConditions),
			})
		}
	}
	for _, c := range s.mutating.list {
		for _, w := range c.Webhooks {
			all = append(all, hook{
				config: c.Name, name: w.Name, mutates: true, created: c.CreationTimestamp.Time, rules: w.Rules,
				namespace: w.NamespaceSelector,
				object:    w.ObjectSelector, ignores: ignores(w.FailurePolicy), conditions: len(w.MatchConditions),
			})
		}
	}
	return all
}

// ignores reports failurePolicy Ignore. The default in admissionregistration.k8s.io/v1 is Fail.
func ignores(p *admissionv1.FailurePolicyType) bool { return p != nil && *p == admissionv1.Ignore }

// kind is that of the object that sets the webhook up.
func (h hook) kind() string {
	if h.mutates {
		return "MutatingWebhookConfiguration"
	}
	return "ValidatingWebhookConfiguration"
}

// gate is the webhook as a gate of the pod.
func (h hook) gate(how standing) inspect.Gate {
	g := inspect.Gate{
		Name: "webhook " + h.name, Kind: inspect.GateKindWebhook, Status: how.status, Reason: how.reason,
		Detail: how.text,
		Object: &inspect.GateObject{Kind: h.kind(), Name: h.config},
		By:     verifierOf(h), FailsOpen: h.ignores, Since: inspect.At(h.created),
	}
	if h.mutates {
		g.Name, g.Kind = "mutating "+g.Name, inspect.GateKindMutatingWebhook
	}
	return g
}

// standing is how a gate stood when the pod was admitted.
type standing struct {
	status inspect.GateStatus
	reason inspect.GateReason // empty if it did its work
	code   string             // of the finding for a verifier of images that stood so; "" if it did its work
	text   string
}

// stand works out how the webhook stood before what came in; concerned is false where its rules are about none of it.
func (s *scene) stand(h hook, in []request) (how standing, concerned bool) {
	var why string
	for _, r := range in {
		if !r.ruledBy(h.rules) {
			continue
		}
		concerned = true
		// The first request that the webhook selects decides: a pod that a webhook passes over may have been admitted
		// by it as part of its Deployment.
		switch c, reason := s.choose(r, h.namespace, h.object); c {
		case picked:
			return h.asked(r), true
		case notKnown:
			return standing{inspect.GateUnknown, inspect.GateNotReadable, "", reason}, true
		case passedOver:
			if why == "" {
				why = reason
			}
		}
	}
	return standing{inspect.GateNotEnforced, inspect.GateNotSelected, inspect.CodeNamespaceExempt, why}, concerned
}

// asked is the standing of a webhook that selects the request.
func (h hook) asked(r request) standing {
	// The configuration may have been changed since it was created; whether its rules were other then is not kept by
	// the cluster.
	if r.before(h.created) {
		text := fmt.Sprintf("set up at %s, after %s was admitted", stamp(h.created), r.what)
		return standing{inspect.GateNotEnforced, inspect.GateSetUpLater, inspect.CodeNamespaceExempt, text}
	}
	// The pod is there, so a webhook that selects it and fails closed must have admitted it.
	how := standing{inspect.GatePassed, "", "", "evaluated " + r.what + ": admitted"}
	if h.ignores {
		how = standing{
			inspect.GateUnknown, inspect.GateFailsOpen, inspect.CodePolicyFailsOpen,
			"applies to " + r.what +
				", but with failurePolicy Ignore: requests are admitted unchecked while it is unreachable",
		}
	}
	// matchConditions are CEL over the request, and the request is gone
	if h.conditions > 0 {
		how.status, how.text = inspect.GateUnknown,
			how.text+"; its matchConditions were not evaluated and may exclude it"
		how.reason = cmp.Or(how.reason, inspect.GateConditions)
	}
	return how
}

// before reports whether the request is known to be older than something.
func (r request) before(t time.Time) bool { return !r.when.IsZero() && t.After(r.when) }

// stamp is a time as people read it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
