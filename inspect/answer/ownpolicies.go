package answer

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// ownPolicies are the API server's own policies on images (ValidatingAdmissionPolicy, ImageReview), as they stood
// before the pod. Their CEL expressions are not evaluated here.
func ownPolicies(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		for _, g := range i.Gates {
			if g.Kind != inspect.GateKindAdmissionPolicy || g.By != inspect.APIServer {
				continue
			}
			text := in(c, i) + text.Clean(g.Name) + " of the API server inspects images: " + trim(g.Detail)
			if g.Reason == inspect.GateNotReadable {
				all = append(all, open(text))
			} else {
				all = append(all, seen(text))
			}
		}
	}
	return some(all, "more policies of the API server")
}
