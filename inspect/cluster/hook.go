package cluster

import (
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/backtrail/backtrail/inspect"
)

// hook is a webhook of admission, of either kind.
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
	for _, c := range s.validating.list {
		for _, w := range c.Webhooks {
			all = append(all, hook{
				config: c.Name, name: w.Name, created: c.CreationTimestamp.Time, rules: w.Rules, namespace: w.NamespaceSelector,
				object: w.ObjectSelector, ignores: ignores(w.FailurePolicy), conditions: len(w.MatchConditions),
			})
		}
	}
	for _, c := range s.mutating.list {
		for _, w := range c.Webhooks {
			all = append(all, hook{
				config: c.Name, name: w.Name, mutates: true, created: c.CreationTimestamp.Time, rules: w.Rules, namespace: w.NamespaceSelector,
				object: w.ObjectSelector, ignores: ignores(w.FailurePolicy), conditions: len(w.MatchConditions),
			})
		}
	}
	return all
}

func ignores(p *admissionv1.FailurePolicyType) bool { return p != nil && *p == admissionv1.Ignore }

// kind is that of the object that sets the webhook up.
func (h hook) kind() string {
	if h.mutates {
		return "MutatingWebhookConfiguration"
	}
	return "ValidatingWebhookConfiguration"
}

// standing is how a gate stood when the pod came in.
type standing struct {
	status inspect.Status
	code   string // of the finding for a verifier of images that stood so; "" if it did its work
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
		switch c, reason := s.choose(r, h.namespace, h.object); c {
		case picked:
			return h.asked(r), true
		case notKnown:
			return standing{inspect.Unknown, "", reason}, true
		case passedOver:
			if why == "" {
				why = reason
			}
		}
	}
	return standing{inspect.Absent, CodeExempt, why}, concerned
}

// asked is the standing of a webhook that selects the request.
func (h hook) asked(r request) standing {
	if r.before(h.created) {
		return standing{inspect.Absent, CodeExempt, fmt.Sprintf("it was set up at %s, after %s came in", stamp(h.created), r.what)}
	}
	how := standing{inspect.Verified, "", "it was asked about " + r.what + " and let it in"}
	if h.ignores {
		how = standing{inspect.Unknown, CodeFailsOpen, "it is to be asked about " + r.what + ", but its failurePolicy is Ignore: while it does not answer, all is let in"}
	}
	if h.conditions > 0 {
		how.status, how.text = inspect.Unknown, how.text+"; unless its matchConditions left it out, which were not evaluated"
	}
	return how
}

// before says that the request is known to be older than something.
func (r request) before(t time.Time) bool { return !r.when.IsZero() && t.After(r.when) }

// stamp is a time as people read it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
