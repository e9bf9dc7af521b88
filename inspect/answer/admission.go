package answer

import (
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// askAdmission is the command that lists what may refuse a pod.
const askAdmission = "kubectl get validatingwebhookconfigurations,clusterimagepolicies,clusterpolicies"

// admission names what evaluated images on their way into the cluster, or why nothing did. One sentence for all
// images: they came in with one pod.
func admission(c inspect.Case) []inspect.Sentence {
	if c.Pod == nil {
		return nil
	}
	for _, i := range suspects(c) {
		g, ok := gateOf(i, inspect.GateKindAdmission)
		if !ok {
			continue
		}
		found := ids(coded(c, subjectPod, inspect.CodeNamespaceExempt, inspect.CodePolicyFailsOpen,
			inspect.CodePolicyOnlyWarns,
			inspect.CodeNoImagePolicy, inspect.CodeStaticPod))
		switch {
		case g.Status == inspect.GateUnknown && len(found) == 0:
			return []inspect.Sentence{toKnow(trim(g.Detail), askAdmission)}
		// Passed means that a webhook let the pod in, which is worth nothing where none of its policies is about the
		// image.
		case g.Status == inspect.GatePassed && g.By != "" && len(enforcedBy(i, g.By)) == 0:
			return []inspect.Sentence{seen(trim(g.Detail)+"; no known policy of "+g.By+" applies to this image",
				found...)}
		default:
			return []inspect.Sentence{seen(trim(g.Detail), found...)}
		}
	}
	return []inspect.Sentence{toKnow("admission policies were not checked", askAdmission)}
}

// gateOf is the first gate of a kind; false where the image has none, as without a cluster.
func gateOf(i inspect.Image, kind inspect.GateKind) (inspect.Gate, bool) {
	at := slices.IndexFunc(i.Gates, func(g inspect.Gate) bool { return g.Kind == kind })
	if at < 0 {
		return inspect.Gate{}, false
	}
	return i.Gates[at], true
}

// enforcedBy are the gates of the policies that a product enforces.
func enforcedBy(i inspect.Image, product string) []inspect.Gate {
	var all []inspect.Gate
	for _, g := range i.PolicyGates() {
		if g.By == product {
			all = append(all, g)
		}
	}
	return all
}
