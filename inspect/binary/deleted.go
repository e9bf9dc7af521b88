package binary

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// Programs that one layer brought and a later one deleted or replaced: they did their work while the image was built,
// and no container shows them.

// deletion counts the programs that a layer took away of another.
type deletion struct {
	from, by int
	count    int
	first    string
}

// lookBelow makes suspects of the programs that no container sees any more, unless a package brought them, or they only
// moved. They are shown if their place or their bytes show a sign. A program that was only replaced is counted and has
// no row: the row of its path is about what stands there. Packages that another build step removed again are the
// ordinary case (apt-get purge of a compiler), which is why ownership is looked up in the databases of the layers below
// too.
func (h *scanner) lookBelow(ctx context.Context) error {
	var programs []layer.ShadowedEntry
	for _, r := range h.shadowed {
		if owner.IsProgram(r.Node) && !layer.Within(r.Node.Path, "/var/lib/dpkg") && !h.own.Names(r.Node.Path) {
			programs = append(programs, r)
		}
	}
	programs, err := owner.Unpackaged(ctx, h.tree, unmoved(h.tree, programs))
	if err != nil {
		return err
	}
	counts := map[[2]int]int{}
	for _, r := range programs {
		key := [2]int{r.Node.Layer, r.By}
		if at, ok := counts[key]; ok {
			h.deletions[at].count++
		} else {
			counts[key] = len(h.deletions)
			h.deletions = append(h.deletions, deletion{r.Node.Layer, r.By, 1, r.Node.Path})
		}
		if r.Replaced {
			continue // a row of its path is about what stands there now
		}
		s := &suspect{node: r.Node}
		s.add(inspect.CodeDeleted,
			fmt.Sprintf("layer %d brought it and layer %d deleted it: no container sees it, and it "+
				"is still in the image", r.Node.Layer, r.By))
		if h.own.Level == owner.Unknown {
			s.add(inspect.CodeOwnershipUnknown, "")
		} else {
			s.add(inspect.CodeUnowned, "no package owned it")
		}
		for _, code := range pathCodes(r.Node) {
			s.add(code, "")
		}
		h.suspects = append(h.suspects, s)
	}
	return nil
}

// unmoved leaves out what the merged tree has under another name. The content decides: a build that moves a program has
// the same bytes elsewhere. A digest is computed over the bytes, so an attacker cannot have a program left out without
// leaving the same bytes in the merged tree, where they are judged.
func unmoved(t *layer.Tree, all []layer.ShadowedEntry) []layer.ShadowedEntry {
	if len(all) == 0 {
		return nil
	}
	still := map[string]bool{}
	for _, r := range all {
		still[r.Node.SHA256] = false
	}
	for n := range t.All() {
		if _, asked := still[n.SHA256]; asked && layer.IsRegular(n) {
			still[n.SHA256] = true
		}
	}
	var left []layer.ShadowedEntry
	for _, r := range all {
		if !still[r.Node.SHA256] {
			left = append(left, r)
		}
	}
	return left
}

// emitDeleted counts the programs that were taken away, by the layers. One setting for each pair of layers, in the
// order in which the pairs were found; info, since each build deletes.
func (h *scanner) emitDeleted(emit func(inspect.Event)) {
	for _, d := range h.deletions {
		what := fmt.Sprintf("%d programs of layer %d, %s the first, were", d.count, d.from, d.first)
		if d.count == 1 {
			what = fmt.Sprintf("%s of layer %d was", d.first, d.from)
		}
		emit(inspect.Event{Fact: inspect.Setting{
			Code: inspect.CodeDeletedPrograms,
			Detail: fmt.Sprintf("%s deleted or replaced by layer %d and can still be read in the layer below", what,
				d.by), Severity: inspect.Info,
		}})
	}
}
