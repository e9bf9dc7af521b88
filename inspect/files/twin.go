package files

import (
	"fmt"
	"slices"
)

// twins finds the suspects whose content an unaltered file of a package has too: hard links and copies of packaged programs.
// They are shown only if they have a sign.
func (h *hunt) twins() {
	strangers := map[string][]*suspect{}
	for _, s := range h.suspects {
		if s.has(codeUnowned) && !s.has(codeDeleted) {
			strangers[s.node.SHA256] = append(strangers[s.node.SHA256], s)
		}
	}
	if len(strangers) == 0 {
		return
	}
	for n := range h.tree.All() {
		group := strangers[n.SHA256]
		if len(group) == 0 || !isRegular(n) || !h.own.packaged(n.Path) || !h.own.intact(n.Path) {
			continue
		}
		for _, s := range group {
			s.vouched = true
			s.codes = slices.DeleteFunc(s.codes, func(c string) bool { return c == codeUnowned })
			s.add("", fmt.Sprintf("its content is that of %s of package %s", n.Path, h.own.owner[n.Path].owner))
		}
		delete(strangers, n.SHA256)
	}
}
