package answer

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// provenanceGate says what the provenance could have told.
func provenanceGate(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		if g, ok := gate(i, inspect.GateProvenance); ok && (g.Status == inspect.Absent || g.Status == inspect.Failed) {
			all = append(all, seen(fmt.Sprintf("%sno provenance vouches for it: %s", in(c, i), trim(g.Detail)), by(c, "provenance")...))
		}
	}
	return some(all, "more images without provenance")
}
