package answer

import "github.com/backtrail/backtrail/inspect"

// debugged says that somebody attached a container to the pod, whichever image is in question.
func debugged(c inspect.Case) []inspect.Sentence {
	var found []inspect.Finding
	for _, f := range c.Findings {
		if f.Code == "debug-container" {
			found = append(found, f)
		}
	}
	return some(titles(found), "more debug containers")
}
