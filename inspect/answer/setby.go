package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// setBy is who set the image, and when, by the managed fields. Nobody is named for what was injected: that is not in
// the template; nor where the release states it already.
// A field manager names itself, by the client's default or a flag: kubectl-edit may be any program.
func setBy(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	open := false
	for _, i := range suspects(c) {
		if k := container(c, i.Container); k.Injected || k.Type == inspect.ContainerEphemeral || len(coded(c,
			i.Container, inspect.CodeHelmSwapped)) > 0 {
			continue
		}
		found := titles(coded(c, i.Container, inspect.CodeImageSetByHand, inspect.CodeImageEdited,
			inspect.CodeImageSetBy))
		all, open = append(all, found...), open || len(found) == 0
	}
	if len(all) > 0 || !open || c.Pod == nil || len(c.Pod.Owner) == 0 {
		return some(all, "more images that a person set")
	}
	top := c.Pod.Owner[len(c.Pod.Owner)-1]
	return []inspect.Sentence{toKnow("who set the image is not known: no managed fields were read", fmt.Sprintf(
		"kubectl get %s %s -n %s -o yaml --show-managed-fields", text.Quote(strings.ToLower(top.Kind)),
		text.Quote(top.Name), text.Quote(c.Pod.Namespace),
	))}
}
