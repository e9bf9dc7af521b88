package answer

import "github.com/backtrail/backtrail/inspect"

// debugged is about ephemeral containers that were attached to the pod, whichever image is in question: they see the
// processes and files of the others.
// They are not in the template of any workload, and stay in the pod until it ends.
func debugged(c inspect.Case) []inspect.Sentence {
	var found []inspect.Finding
	for _, f := range c.Findings {
		if f.Code == inspect.CodeDebugContainer {
			found = append(found, f)
		}
	}
	return some(titles(found), "more debug containers")
}
