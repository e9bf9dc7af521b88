package answer

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// alteredFiles names the files that do not match the checksum in their package's database. Changed configuration
// files are not among them: their rows are not failed.
// The checksum is the package's own, MD5 in dpkg and SHA-1 in apk: it finds a change, and proves no origin.
func alteredFiles(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range c.Images {
		for _, a := range i.Altered {
			if a.Status != inspect.RowFailed || namedByAlert(c, i, a.Path) {
				continue
			}
			text := fmt.Sprintf("%s%s does not match the checksum of package %s; this copy came with %s", in(c, i),
				text.Clean(a.Path), text.Clean(a.Package), layer(i, a.Layer))
			all = append(all, seen(text, about(c, i.Container, a.Path)...))
		}
	}
	return some(all, "more packaged files that were replaced")
}
