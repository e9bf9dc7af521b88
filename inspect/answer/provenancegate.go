package answer

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// provenanceGate is what a comparison of the provenance with an expectation could have shown.
func provenanceGate(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		g, _ := gate(i, inspect.GateProvenance)
		if g.Status == inspect.GateAbsent {
			all = append(all, seen(in(c,
				i)+"it carries no provenance, so its source and builder could not be compared with what they "+
				"should be", by(c, i, inspect.CheckProvenance)...))
		}
		if g.Status == inspect.GateRefused {
			all = append(all, seen(fmt.Sprintf("%sits provenance is not what it should be: %s", in(c, i),
				trim(g.Detail)), by(c, i, inspect.CheckProvenance)...))
		}
	}
	return some(all, "more images without provenance")
}
