package answer

import "github.com/backtrail/backtrail/inspect"

// elsewhere says which other pods run what was brought, in another image.
func elsewhere(c inspect.Case) []inspect.Sentence {
	return some(told(c, "layer-elsewhere"), "more layers that run elsewhere too")
}
