package answer

import "github.com/backtrail/backtrail/inspect"

// elsewhere is which other pods run the layers in question, in another image: the incident may be larger than this
// pod.
func elsewhere(c inspect.Case) []inspect.Sentence {
	return some(titlesOf(c, inspect.CodeLayerElsewhere), "more layers that run elsewhere too")
}
