package answer

import (
	"github.com/backtrail/backtrail/inspect"
)

// Names of gates that the check of the cluster says.
const (
	gateAdmission = "admission"
	gatePinned    = "pinned image"
)

// askAdmission is the command that tells what stands in the way of a pod.
const askAdmission = "kubectl get validatingwebhookconfigurations,clusterimagepolicies,clusterpolicies"

// admission names what verified images on their way into the cluster, or why nothing did.
func admission(c inspect.Case) []inspect.Sentence {
	if c.Pod == nil {
		return nil
	}
	for _, i := range suspects(c) {
		g, ok := gate(i, gateAdmission)
		if !ok {
			continue
		}
		found := ids(coded(c, subjectPod, "namespace-exempt", "policy-fails-open", "policy-only-warns", "no-image-policy", "static-pod"))
		switch {
		case g.Status == inspect.Unknown && len(found) == 0:
			return []inspect.Sentence{toKnow(trim(g.Detail), askAdmission)}
		case g.Status == inspect.Verified && g.By != "" && len(enforcedBy(i, g.By)) == 0:
			return []inspect.Sentence{seen(trim(g.Detail)+"; no policy of "+g.By+" that is known is about this image", found...)}
		default:
			return []inspect.Sentence{seen(trim(g.Detail), found...)}
		}
	}
	return []inspect.Sentence{toKnow("which admission policies stood in the way was not checked", askAdmission)}
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
