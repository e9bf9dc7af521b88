package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// rollout is which rollout brought the digest, and whether its tag is that of the previous image.
// The time of a revision is that of its ReplicaSet or ControllerRevision, which the API server sets.
func rollout(c inspect.Case) []inspect.Sentence {
	if c.Pod == nil || len(suspects(c)) == 0 {
		return nil
	}
	if !slices.ContainsFunc(suspects(c), func(i inspect.Image) bool { return ofTemplate(c, i) }) {
		return added(c)
	}
	for _, r := range c.Pod.Revisions {
		if !r.Current {
			continue
		}
		words := fmt.Sprintf("revision %d (%s) rolled it out at %s", r.Number, text.Clean(r.Name), stamp(r.Created))
		for _, i := range suspects(c) {
			if i.Diff != nil && i.Diff.KnownGood != nil && sameTag(i) {
				words += fmt.Sprintf("; the reference %s is the one of the %s image, so the tag was moved",
					text.Clean(i.Reference), i.Diff.KnownGood.Word())
				break
			}
		}
		return []inspect.Sentence{seen(words)}
	}
	return nil
}

// ofTemplate reports whether a container came with the template of the workload: nothing injected or attached
// it.
func ofTemplate(c inspect.Case, i inspect.Image) bool {
	k := container(c, i.Container)
	return !k.Injected && k.Type != inspect.ContainerEphemeral
}

// added is when a container came in that no template has: mutating webhooks act at admission.
func added(c inspect.Case) []inspect.Sentence {
	if c.Pod.Created.IsZero() || !slices.ContainsFunc(suspects(c), func(i inspect.Image) bool {
		return container(c,
			i.Container).Injected
	}) {
		return nil
	}
	return []inspect.Sentence{seen("it was added when the pod was created, at " + stamp(c.Pod.Created))}
}

// sameTag reports whether the previous image was referred to by the same tag: two digests under one tag mean that it
// was moved.
// A known-good that a person named may be any image, so that its tag proves nothing.
func sameTag(i inspect.Image) bool {
	k := i.Diff.KnownGood
	name, _, _ := strings.Cut(i.Reference, "@")
	return !strings.Contains(i.Reference, "@") && (k.Reference == i.Reference || strings.HasPrefix(name,
		k.Reference+":")) && !k.Confirmed
}

// restarted is about pods that were created again from the same template: a tag that was moved is pulled then.
// The same reference gives another image then, without any change of the workload.
func restarted(c inspect.Case) []inspect.Sentence {
	if len(suspects(c)) == 0 {
		return nil
	}
	return titles(coded(c, subjectPod, inspect.CodeRestarted))
}
