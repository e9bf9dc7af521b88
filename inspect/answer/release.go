package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// release says what the Helm release asked for, where it was read, else of which release the workload says to be.
func release(c inspect.Case) []inspect.Sentence {
	if all := told(c, "helm-swapped", "helm-image-changed", "helm-image"); len(all) > 0 {
		return some(all, "more images of the release")
	}
	var all []inspect.Sentence
	if len(suspects(c)) == 0 || c.Pod == nil {
		return nil
	}
	for _, f := range coded(c, subjectPod, "helm-release") {
		what, says, _ := strings.Cut(trim(f.Title), " says that it is of ")
		s := claimed(what+" is of "+says, "its labels and annotations", f.ID)
		s.Run = fmt.Sprintf("backtrail inspect %s -n %s --helm", inspect.Quote("pod/"+c.Pod.Name), inspect.Quote(c.Pod.Namespace))
		all = append(all, s)
	}
	return all
}
