package answer

import "github.com/backtrail/backtrail/inspect"

// tagMoved says that other pods, the node or the registry have another image by the same name.
func tagMoved(c inspect.Case) []inspect.Sentence {
	return some(told(c, "tag-moved"), "more tags that were moved")
}
