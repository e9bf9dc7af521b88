package answer

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// gateAdmissionPolicy begins the name of the gate of a policy that the API server itself evaluates.
const gateAdmissionPolicy = "admission policy "

// ownPolicies say how the API server's own policies about images stood before the pod. What they ask is not evaluated here.
func ownPolicies(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		for _, g := range i.Gates {
			name, ok := strings.CutPrefix(g.Name, gateAdmissionPolicy)
			if !ok || g.By != inspect.APIServer {
				continue
			}
			text := in(c, i) + "admission policy " + inspect.Clean(name) + " of the API server looks at images: " + reason(g)
			if g.Status == inspect.Unknown && !strings.Contains(g.Detail, "binding") && !g.FailsOpen {
				all = append(all, open(text))
			} else {
				all = append(all, seen(text))
			}
		}
	}
	return some(all, "more policies of the API server")
}
