package files

import (
	"context"
	"fmt"
	"path"

	"github.com/backtrail/backtrail/inspect"
)

// Programs that one layer brought and a later one deleted or replaced: they did their work while the image was built, and
// no container shows them.

// deletion counts the programs that a layer took away of another.
type deletion struct {
	from, by int
	count    int
	first    string
}

// lookBelow makes suspects of the programs that no container sees any more, unless a package brought them, or they only
// moved. They are shown if their place or their bytes show a sign.
func (h *hunt) lookBelow(ctx context.Context) error {
	var programs []relic
	for _, r := range h.relics {
		if isProgram(r.node) && !within(r.node.Path, "/var/lib/dpkg") && !h.own.names(r.node.Path) {
			programs = append(programs, r)
		}
	}
	programs, err := h.tree.unpackaged(ctx, h.tree.unmoved(programs))
	if err != nil {
		return err
	}
	counts := map[[2]int]int{}
	for _, r := range programs {
		key := [2]int{r.node.Layer, r.by}
		if at, ok := counts[key]; ok {
			h.deletions[at].count++
		} else {
			counts[key] = len(h.deletions)
			h.deletions = append(h.deletions, deletion{r.node.Layer, r.by, 1, r.node.Path})
		}
		if r.replaced {
			continue // a row of its path is about what stands there now
		}
		s := &suspect{node: r.node}
		s.add(codeDeleted, fmt.Sprintf("layer %d brought it and layer %d deleted it: no container sees it, and it is still in the image", r.node.Layer, r.by))
		if h.own.level == ownershipUnknown {
			s.add(codeOwnershipUnknown, "")
		} else {
			s.add(codeUnowned, "no package owned it")
		}
		for _, code := range pathCodes(r.node) {
			s.add(code, "")
		}
		h.suspects = append(h.suspects, s)
	}
	return nil
}

// isProgram says that a file is a program by its kind, or a script that may be run.
func isProgram(n *inspect.Node) bool {
	switch n.Kind {
	case inspect.KindELF, inspect.KindPE, inspect.KindMachO, inspect.KindWASM:
		return true
	default:
		return n.Executable() && n.Kind != ""
	}
}

// unmoved leaves out what the merged tree has under another name.
func (t *Tree) unmoved(all []relic) []relic {
	if len(all) == 0 {
		return nil
	}
	still := map[string]bool{}
	for _, r := range all {
		still[r.node.SHA256] = false
	}
	for n := range t.All() {
		if _, asked := still[n.SHA256]; asked && isRegular(n) {
			still[n.SHA256] = true
		}
	}
	var left []relic
	for _, r := range all {
		if !still[r.node.SHA256] {
			left = append(left, r)
		}
	}
	return left
}

// unpackaged leaves out what a package had brought that the databases name no more: they are asked as they were before the
// layer that took the file away.
func (t *Tree) unpackaged(ctx context.Context, all []relic) ([]relic, error) {
	by := map[int][]relic{}
	for _, r := range all {
		by[r.by] = append(by[r.by], r)
	}
	var left []relic
	for _, number := range t.numbers() {
		group := by[number]
		if len(group) == 0 {
			continue
		}
		owned, err := t.past(number).packagedAmong(ctx, group)
		if err != nil {
			return nil, err
		}
		for _, r := range group {
			if !owned[r.node.Path] {
				left = append(left, r)
			}
		}
	}
	return left, nil
}

// packagedAmong says which files the system's package databases name. Only claims of the same name are led through the
// tree's links, which takes longest.
func (t *Tree) packagedAmong(ctx context.Context, all []relic) (map[string]bool, error) {
	names, owned := map[string]bool{}, map[string]bool{}
	for _, r := range all {
		names[path.Base(r.node.Path)] = true
	}
	for _, read := range systemSources() {
		db, err := read(ctx, t)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil || db == nil {
			continue
		}
		for _, c := range db.claims {
			if names[path.Base(c.path)] {
				p, _ := t.Place(c.path)
				owned[p] = true
			}
		}
	}
	return owned, nil
}

// sayDeleted counts the programs that were taken away, by the layers.
func (h *hunt) sayDeleted(emit func(inspect.Event)) {
	for _, d := range h.deletions {
		what := fmt.Sprintf("%d programs of layer %d, %s the first, were", d.count, d.from, d.first)
		if d.count == 1 {
			what = fmt.Sprintf("%s of layer %d was", d.first, d.from)
		}
		emit(inspect.Event{Fact: inspect.Setting{Code: "deleted-programs", Detail: fmt.Sprintf("%s deleted or replaced by layer %d and can still be read in the layer below", what, d.by), Severity: inspect.Info}})
	}
}
