package answer

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// damagedBytes names images whose bytes do not match their digests: whatever else was found in them was found in
// other bytes than those that the digest names.
func damagedBytes(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range c.Images {
		if i.Status == inspect.Failed {
			all = append(all, seen(fmt.Sprintf("the bytes of %s do not match their digests: %s", imageOf(i),
				trim(i.Detail))))
		}
	}
	return some(all, "more images whose content does not match its digests")
}
