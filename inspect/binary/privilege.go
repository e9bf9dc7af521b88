package binary

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// privileges says what a program may do beyond who starts it: setuid, setgid, capabilities.
func privileges(n *inspect.Node) []string {
	if !layer.IsRegular(n) || n.Mode&0o111 == 0 {
		return nil
	}
	var all []string
	if n.Mode&0o4000 != 0 {
		all = append(all, "setuid")
	}
	if n.Mode&0o2000 != 0 {
		all = append(all, "setgid")
	}
	if n.Xattrs["security.capability"] != "" {
		all = append(all, "capabilities")
	}
	return all
}

// gained finds privileges that an earlier image does not give: a chmod leaves a packaged program's content as it was, so
// that no package database shows it. One that came with its package is for the diff of packages to explain.
func (h *hunt) gained(before *layer.Tree, good inspect.KnownGood, emit func(inspect.Event)) {
	rows := 0
	for n := range h.tree.All() {
		more := privileges(n)
		if len(more) == 0 || rows > MaxRows {
			continue
		}
		old := before.Get(n.Path)
		if old != nil {
			more = missingFrom(more, privileges(old))
		}
		if len(more) == 0 {
			continue
		}
		severity := inspect.Medium
		text := fmt.Sprintf("%s has %s; the %s image does not have the file", n.Path, strings.Join(more, " and "), good.Word())
		switch {
		case old != nil && layer.IsRegular(old):
			severity = inspect.High
			text = fmt.Sprintf("%s has %s, which it does not have in the %s image", n.Path, strings.Join(more, " and "), good.Word())
		case h.own.Packaged(n.Path) && !h.own.Altered(n.Path):
			severity = inspect.Low
		}
		rows++
		emit(inspect.Event{Fact: inspect.Setting{Code: "new-privilege", Detail: fmt.Sprintf("%s (layer %d)", text, n.Layer), Severity: severity}})
		if severity.Rank() <= inspect.Medium.Rank() {
			emit(inspect.Event{Fact: *h.placeFinding(layer.CheckDiff, n, "new-privilege", text, severity)})
		}
	}
}
