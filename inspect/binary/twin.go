package binary

import (
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// twins finds the suspects whose content an unaltered file of a package has too: hard links and copies of packaged
// programs. They are shown only if they have a sign. Equal digests mean equal bytes, which the package's own digest
// covers; the place of the copy is still judged by its path, so that a copy of a shell in a hidden directory is shown.
func (h *scanner) twins() {
	unowned := map[string][]*suspect{}
	for _, s := range h.suspects {
		if s.has(inspect.CodeUnowned) && !s.has(inspect.CodeDeleted) {
			unowned[s.node.SHA256] = append(unowned[s.node.SHA256], s)
		}
	}
	if len(unowned) == 0 {
		return
	}
	for n := range h.tree.All() {
		group := unowned[n.SHA256]
		if len(group) == 0 || !layer.IsRegular(n) || !h.own.Packaged(n.Path) || !h.own.Intact(n.Path) {
			continue
		}
		for _, s := range group {
			s.vouched = true
			s.codes = slices.DeleteFunc(s.codes, func(c string) bool { return c == inspect.CodeUnowned })
			s.add("", fmt.Sprintf("its content is that of %s of package %s", n.Path, h.own.Claims[n.Path].Package))
		}
		delete(unowned, n.SHA256)
	}
}
