package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// dependencies names the packages that differ from those of the previous image.
// Both catalogs were read from files of the images; removed packages brought nothing in.
func dependencies(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		if i.Diff == nil || i.Diff.Packages == nil {
			continue
		}
		var names []string
		for _, p := range i.Diff.Packages.Changed {
			names = append(names, fmt.Sprintf("%s from %s to %s", text.Clean(p.Name), text.Clean(p.From),
				text.Clean(p.To)))
		}
		for _, p := range i.Diff.Packages.Added {
			names = append(names, fmt.Sprintf("%s %s is new", text.Clean(p.Name), text.Clean(p.Version)))
		}
		if len(names) > 0 {
			text := in(c, i) + "dependencies changed with it: " + listed(names)
			all = append(all, seen(strings.TrimSpace(text), by(c, i, inspect.CheckPackageDiff)...))
		}
	}
	return some(all, "more images whose dependencies changed")
}
