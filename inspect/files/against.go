package files

import (
	"context"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
)

// against judges the suspects again by what an earlier image has at their paths, and finds programs whose package
// claims to be the same in both and whose content is not.
func (h *hunt) against(ctx context.Context, before *Tree, good inspect.KnownGood, emit func(inspect.Event)) error {
	was, err := before.own(ctx)
	if err != nil {
		return err
	}
	had := map[string]bool{} // findings that were given before the comparison
	for _, b := range h.rows(false) {
		had[b.Path] = b.Severity.Rank() <= inspect.Medium.Rank()
	}
	h.gained(before, good, emit)
	again := *h
	again.suspects = make([]*suspect, 0, len(h.suspects))
	for _, s := range h.suspects {
		s = &suspect{
			node: s.node, owner: s.owner, codes: slices.Clone(s.codes), detail: slices.Clone(s.detail), vouched: s.vouched, library: s.library,
		}
		s.compare(before, good)
		again.suspects = append(again.suspects, s)
	}
	again.suspects = append(again.suspects, h.rewritten(before, was, good)...)
	for _, b := range again.rows(good.Confirmed) {
		emit(inspect.Event{Binary: &b})
		if had[b.Path] || b.Severity.Rank() <= inspect.Medium.Rank() {
			emit(inspect.Event{Finding: again.finding(CheckBinaries, b)})
		}
	}
	return nil
}

// compare gives a suspect the code that its content in the earlier image earns. What an unconfirmed image also has
// gets none: it may have been bad already.
func (s *suspect) compare(before *Tree, good inspect.KnownGood) {
	old := before.Get(s.node.Path)
	switch {
	case s.has(codeDeleted): // the images as they run do not have it, either of them
	case old == nil || !isRegular(old):
		s.add(codeNotInKnownGood, "the "+good.Word()+" image does not have it")
	case old.SHA256 != s.node.SHA256:
		s.add(codeChanged, "the "+good.Word()+" image has other content there")
	case good.Confirmed:
		s.add(codeKnownGood, "the known-good image has the same")
	default:
		s.add("", "the previous image has the same")
	}
}

// rewritten finds programs that fit their package database, where the known-good has the same package in the same
// version with other content: whoever replaces a program can write its new digest into the database.
func (h *hunt) rewritten(before *Tree, was *ownership, good inspect.KnownGood) []*suspect {
	var found []*suspect
	for p, c := range h.own.owner {
		old, owned := was.owner[p]
		if !owned || c.version == "" || old.owner != c.owner || old.version != c.version || old.sum == c.sum || c.config || c.from.language || h.own.altered(p) {
			continue
		}
		n, o := h.tree.Get(p), before.Get(p)
		if n == nil || o == nil || !isRegular(n) || !isRegular(o) || n.SHA256 == o.SHA256 || n.Kind == "" || was.altered(p) {
			continue
		}
		s := &suspect{node: n, owner: c.owner}
		s.add(codeAltered, fmt.Sprintf("package %s %s has other content for it in the %s image: the package database was changed with it", c.owner, c.version, good.Word()))
		s.add(codeChanged, "")
		found = append(found, s)
	}
	slices.SortFunc(found, func(a, b *suspect) int { return comparePaths(a.node.Path, b.node.Path) })
	return found
}
