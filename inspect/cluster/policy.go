package cluster

import (
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"

	"github.com/backtrail/backtrail/inspect"
)

// standPolicy works out how a policy of the API server's own stood before the pod.
func (s *scene) standPolicy(p admissionv1.ValidatingAdmissionPolicy, in []request) (how standing, concerned bool) {
	match := p.Spec.MatchConstraints
	if match == nil {
		return how, false
	}
	for _, r := range in {
		if !r.ruledBy(plain(match.ResourceRules)) {
			continue
		}
		if c, reason := s.choose(r, match.NamespaceSelector, match.ObjectSelector); c != picked {
			how = standing{statusOf(c), CodeExempt, reason}
			concerned = true
			continue
		}
		return s.bound(p, r), true
	}
	return how, concerned
}

// aboutImages says that an expression of the policy looks at images: which ones it lets in stands there and is not
// evaluated here.
func aboutImages(p admissionv1.ValidatingAdmissionPolicy) bool {
	looks := func(expression string) bool { return strings.Contains(expression, ".image") }
	return slices.ContainsFunc(p.Spec.Validations, func(v admissionv1.Validation) bool { return looks(v.Expression) }) ||
		slices.ContainsFunc(p.Spec.Variables, func(v admissionv1.Variable) bool { return looks(v.Expression) })
}

func statusOf(c choice) inspect.Status {
	if c == notKnown {
		return inspect.Unknown
	}
	return inspect.Absent
}

// bound looks for the binding that puts the policy into force for the request.
func (s *scene) bound(p admissionv1.ValidatingAdmissionPolicy, r request) standing {
	if s.bindings.err != nil {
		return standing{inspect.Unknown, "", "whether it is in force is not known: the bindings could not be read"}
	}
	how := standing{inspect.Absent, CodeExempt, "no binding puts it into force"}
	for _, b := range s.bindings.list {
		if b.Spec.PolicyName != p.Name {
			continue
		}
		if m := b.Spec.MatchResources; m != nil {
			if len(m.ResourceRules) > 0 && !r.ruledBy(plain(m.ResourceRules)) {
				continue
			}
			if c, reason := s.choose(r, m.NamespaceSelector, m.ObjectSelector); c != picked {
				how = standing{statusOf(c), CodeExempt, strings.Replace(reason, "it does", "its binding "+b.Name+" does", 1)}
				continue
			}
		}
		return inForce(p, b, r)
	}
	return how
}

func inForce(p admissionv1.ValidatingAdmissionPolicy, b admissionv1.ValidatingAdmissionPolicyBinding, r request) standing {
	switch {
	case r.before(p.CreationTimestamp.Time) || r.before(b.CreationTimestamp.Time):
		return standing{inspect.Absent, CodeExempt, "it came into force after " + r.what + " came in"}
	case !slices.Contains(b.Spec.ValidationActions, admissionv1.Deny):
		return standing{inspect.Unknown, CodeOnlyWarns, "it looks at " + r.what + " and does not refuse: binding " + b.Name + " only warns or audits"}
	case ignores(p.Spec.FailurePolicy):
		return standing{inspect.Unknown, CodeFailsOpen, "it looks at " + r.what + ", but its failurePolicy is Ignore: where its expression fails, all is let in"}
	default:
		return standing{inspect.Verified, "", "it was asked about " + r.what + " and let it in"}
	}
}

func plain(named []admissionv1.NamedRuleWithOperations) []admissionv1.RuleWithOperations {
	rules := make([]admissionv1.RuleWithOperations, len(named))
	for i, n := range named {
		rules[i] = n.RuleWithOperations
	}
	return rules
}
