package answer

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// release is the image that the Helm release renders, where the release was read (--helm), else the release that the
// labels of the workload name. The labels are a claim: anyone who may edit the workload may set them.
func release(c inspect.Case) []inspect.Sentence {
	if all := titlesOf(c, inspect.CodeHelmSwapped, inspect.CodeHelmImageChanged, inspect.CodeHelmImage); len(all) > 0 {
		return some(all, "more images of the release")
	}
	var all []inspect.Sentence
	if len(suspects(c)) == 0 || c.Pod == nil {
		return nil
	}
	for _, f := range coded(c, subjectPod, inspect.CodeHelmRelease) {
		s := claimed(trim(f.Title), "its labels and annotations", f.ID)
		s.Run = fmt.Sprintf("backtrail inspect %s -n %s --helm", text.Quote("pod/"+c.Pod.Name),
			text.Quote(c.Pod.Namespace))
		all = append(all, s)
	}
	return all
}
