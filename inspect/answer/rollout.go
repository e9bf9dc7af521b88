package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// rollout says which rollout brought the digest, and whether the tag is the one of the image before.
func rollout(c inspect.Case) []inspect.Sentence {
	if c.Pod == nil || len(suspects(c)) == 0 {
		return nil
	}
	for _, r := range c.Pod.Revisions {
		if !r.Current {
			continue
		}
		text := fmt.Sprintf("revision %d (%s) rolled it out at %s", r.Number, inspect.Clean(r.Name), r.Created.Format("2006-01-02 15:04:05Z"))
		for _, i := range suspects(c) {
			if i.Diff != nil && i.Diff.KnownGood != nil && sameTag(i) {
				text += fmt.Sprintf("; the reference %s is the one of the %s image, so the tag was moved", inspect.Clean(i.Reference), i.Diff.KnownGood.Word())
				break
			}
		}
		return []inspect.Sentence{seen(text)}
	}
	return nil
}

// sameTag says that the image before was asked for by the same reference, by a tag.
func sameTag(i inspect.Image) bool {
	k := i.Diff.KnownGood
	name, _, _ := strings.Cut(i.Reference, "@")
	return !strings.Contains(i.Reference, "@") && (k.Reference == i.Reference || strings.HasPrefix(name, k.Reference+":")) && !k.Confirmed
}
