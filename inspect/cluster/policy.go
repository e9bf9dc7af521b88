package cluster

import (
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/backtrail/backtrail/inspect"
)

// policyGate is the policy as a gate of the pod.
func policyGate(p admissionv1.ValidatingAdmissionPolicy, how standing) inspect.Gate {
	g := inspect.Gate{
		Name: "admission policy " + p.Name, Kind: inspect.GateKindAdmissionPolicy,
		Status: how.status, Reason: how.reason, Detail: how.text,
		Object:    &inspect.GateObject{Kind: "ValidatingAdmissionPolicy", Name: p.Name},
		FailsOpen: ignores(p.Spec.FailurePolicy), Since: inspect.At(p.CreationTimestamp.Time),
	}
	if aboutImages(p) {
		g.By = inspect.APIServer
	}
	return g
}

// standPolicy works out how a policy of the API server's own stood before the pod.
func (s *scene) standPolicy(p admissionv1.ValidatingAdmissionPolicy, in []request) (how standing, concerned bool) {
	match := p.Spec.MatchConstraints
	// required since the kind is v1; without it a policy matches nothing
	if match == nil {
		return how, false
	}
	for _, r := range in {
		if !r.ruledBy(plain(match.ResourceRules)) {
			continue
		}
		if c, reason := s.choose(r, match.NamespaceSelector, match.ObjectSelector); c != picked {
			how = passedBy(c, reason)
			concerned = true
			continue
		}
		return s.bound(p, r), true
	}
	return how, concerned
}

// aboutImages reports whether an expression of the policy looks at images: which ones it lets in stands there and is
// not evaluated here.
// It is a text search, so that a policy of any form is found: object.spec.containers.all(c, c.image.startsWith(...)).
func aboutImages(p admissionv1.ValidatingAdmissionPolicy) bool {
	// a hint for the name of the gate, not an outcome: what an expression decides is never guessed
	looks := func(expression string) bool { return strings.Contains(expression, ".image") }
	return slices.ContainsFunc(p.Spec.Validations,
		func(v admissionv1.Validation) bool { return looks(v.Expression) }) ||
		slices.ContainsFunc(p.Spec.Variables, func(v admissionv1.Variable) bool { return looks(v.Expression) })
}

// passedBy is the standing of a policy whose selectors do not pick the request, or may not.
func passedBy(c choice, text string) standing {
	if c == notKnown {
		return standing{inspect.GateUnknown, inspect.GateNotReadable, inspect.CodeNamespaceExempt, text}
	}
	return standing{inspect.GateNotEnforced, inspect.GateNotSelected, inspect.CodeNamespaceExempt, text}
}

// bound looks for the binding that puts the policy into force for the request.
func (s *scene) bound(p admissionv1.ValidatingAdmissionPolicy, r request) standing {
	if s.bindings.err != nil {
		text := "whether it is in force is unknown: its bindings could not be read"
		return standing{inspect.GateUnknown, inspect.GateNotReadable, "", text}
	}
	how := standing{
		inspect.GateNotEnforced, inspect.GateNotBound, inspect.CodeNamespaceExempt,
		"no binding puts it into force",
	}
	for _, b := range s.bindings.list {
		if b.Spec.PolicyName != p.Name {
			continue
		}
		if m := b.Spec.MatchResources; m != nil {
			if len(m.ResourceRules) > 0 && !r.ruledBy(plain(m.ResourceRules)) {
				continue
			}
			if c, reason := s.choose(r, m.NamespaceSelector, m.ObjectSelector); c != picked {
				how = passedBy(c, "binding "+b.Name+": "+reason)
				continue
			}
		}
		// One binding that puts it into force is enough. Of several that do not, the last one gives the reason.
		return inForce(p, b, r)
	}
	return how
}

// inForce is the standing of a policy that a binding puts into force for the request. What its expressions decide is
// not evaluated: the pod was admitted, so a policy that denies has passed it.
func inForce(p admissionv1.ValidatingAdmissionPolicy, b admissionv1.ValidatingAdmissionPolicyBinding,
	r request,
) standing {
	switch {
	case r.before(p.CreationTimestamp.Time) || r.before(b.CreationTimestamp.Time):
		return standing{
			inspect.GateNotEnforced, inspect.GateSetUpLater, inspect.CodeNamespaceExempt,
			"came into force after " + r.what +
				" was admitted",
		}
	// Deny may stand beside Audit; without it the request is admitted with a warning or an audit annotation
	case !slices.Contains(b.Spec.ValidationActions, admissionv1.Deny):
		return standing{inspect.GateNotEnforced, inspect.GateWarnsOnly, inspect.CodePolicyOnlyWarns, "binding " +
			b.Name +
			" only warns or audits"}
	case ignores(p.Spec.FailurePolicy):
		return standing{
			inspect.GateUnknown, inspect.GateFailsOpen, inspect.CodePolicyFailsOpen,
			"applies to " + r.what +
				", but with failurePolicy Ignore: requests are admitted where its expression cannot be evaluated",
		}
	default:
		return standing{inspect.GatePassed, "", "", "evaluated " + r.what + ": admitted"}
	}
}

// plain leaves out the resource names of rules: admission of a new object has no name to compare with, as generateName
// shows.
func plain(named []admissionv1.NamedRuleWithOperations) []admissionv1.RuleWithOperations {
	rules := make([]admissionv1.RuleWithOperations, len(named))
	for i, n := range named {
		rules[i] = n.RuleWithOperations
	}
	return rules
}
