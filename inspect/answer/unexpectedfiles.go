package answer

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// unexpectedFiles names the executables that no package owns, with layer and build step.
func unexpectedFiles(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range c.Images {
		for _, b := range i.Binaries {
			if b.Status != inspect.RowFailed || b.Owner != "" || namedByAlert(c, i, b.Path) {
				continue
			}
			text := fmt.Sprintf("%s%s belongs to no package and came with %s", in(c, i), text.Clean(b.Path),
				layer(i, b.Layer))
			all = append(all, seen(text, about(c, i.Container, b.Path)...))
		}
	}
	return some(all, "more programs without an owner")
}
