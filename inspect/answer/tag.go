package answer

import (
	"github.com/backtrail/backtrail/inspect"
)

// pinned states that the pod names a tag, where the tag was moved. A digest in the reference would have kept the
// image.
func pinned(c inspect.Case) []inspect.Sentence {
	for _, i := range suspects(c) {
		moved := i.Diff != nil && i.Diff.KnownGood != nil && sameTag(i) || len(coded(c, i.Container,
			inspect.CodeTagMoved)) > 0
		if g, ok := gateOf(i, inspect.GateKindPinned); ok && moved && g.Status == inspect.GateAbsent {
			return []inspect.Sentence{seen(in(c, i)+trim(g.Detail), ids(coded(c, i.Container,
				inspect.CodeTagMoved))...)}
		}
	}
	return nil
}

// tagMoved is about other pods, the node or the registry that have another image by the same name.
// Two digests by one name at the same moment are what a moved tag leaves behind.
func tagMoved(c inspect.Case) []inspect.Sentence {
	return some(titlesOf(c, inspect.CodeTagMoved), "more tags that were moved")
}
