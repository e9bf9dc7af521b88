package answer

import "github.com/backtrail/backtrail/inspect"

// restarted says that the pods were made again without a new template.
func restarted(c inspect.Case) []inspect.Sentence {
	if len(suspects(c)) == 0 {
		return nil
	}
	return titles(coded(c, subjectPod, "restarted"))
}
