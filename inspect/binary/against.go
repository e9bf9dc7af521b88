package binary

import (
	"context"
	"fmt"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// against judges the suspects again by what an earlier image has at their paths, and finds programs whose package
// claims to be the same in both and whose content is not. The suspects themselves are not changed: the comparison works
// on copies, so that it can be made again with another image. had keeps a finding alive whose severity the comparison
// lowers below medium: the finding is emitted once more with its new severity, and does not stay at the old one. It
// returns an error only where the earlier image's databases cannot be read.
func (h *scanner) against(ctx context.Context, with *comparison, emit func(inspect.Event)) error {
	before, good := with.before, with.good
	rewritten, err := h.rewritten(ctx, before, good)
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
			node: s.node, owner: s.owner, codes: slices.Clone(s.codes), detail: slices.Clone(s.detail),
			vouched: s.vouched, library: s.library, novel: s.novel,
		}
		s.compare(ctx, with)
		again.suspects = append(again.suspects, s)
	}
	again.suspects = append(again.suspects, rewritten...)
	again.suspects = append(again.suspects, h.swappedJars(ctx, with)...)
	modules, err := changedModules(ctx, h, with)
	if err != nil {
		return err
	}
	again.suspects = append(again.suspects, modules...)
	for _, b := range again.rows(good.Confirmed) {
		emit(inspect.Event{Fact: b})
		if had[b.Path] || b.Severity.Rank() <= inspect.Medium.Rank() {
			emit(inspect.Event{Fact: *again.finding(inspect.CheckBinaries, b)})
		}
	}
	return nil
}

// swappedJars finds archives of Java, which run without being executable, with other content in the same version. Jars
// of packages of the system are compared by their databases instead. Only a jar with the same version and other content
// becomes a suspect: every build of an application gives other jars, and a row for each would bury the one that
// matters.
func (h *scanner) swappedJars(ctx context.Context, with *comparison) []*suspect {
	var found []*suspect
	for n := range h.tree.All() {
		old := with.before.Get(n.Path)
		if n.Kind != inspect.KindJar || !layer.IsRegular(n) || old == nil || !layer.IsRegular(old) ||
			old.SHA256 == n.SHA256 ||
			h.own.Packaged(n.Path) || slices.ContainsFunc(h.suspects, func(s *suspect) bool { return s.node == n }) {
			continue
		}
		s := &suspect{node: n}
		s.add(inspect.CodeUnowned, "no package owns it")
		h.involve(s)
		if s.compare(ctx, with); s.has(inspect.CodeChangedSameVersion) {
			found = append(found, s)
		}
	}
	return found
}

// compare gives a suspect the code that its content in the earlier image earns. What an unconfirmed image also has
// gets none: it may have been bad already. The digests are those that the layer reader computed from the bytes of both
// images, so that equal content does not rest on any claim. The version is a claim (see release), and only decides how
// loud other content is.
func (s *suspect) compare(ctx context.Context, with *comparison) {
	good := with.good
	s.release = with.image
	old := with.before.Get(s.node.Path)
	switch {
	case s.has(inspect.CodeDeleted): // the images as they run do not have it, either of them
	case old == nil && with.hasOtherVersion(s.node.Path):
		s.add(inspect.CodeChangedSinceKnownGood, "the "+good.Word()+" image has another version of the package")
		s.release = otherRelease
	case old == nil || !layer.IsRegular(old):
		s.novel = s.library != "" && with.newLibrary(s.node.Path)
		s.add(inspect.CodeNotInKnownGood, "the "+good.Word()+" image does not have it")
	case old.SHA256 != s.node.SHA256:
		s.add(inspect.CodeChangedSinceKnownGood, "the "+good.Word()+" image has other content there")
		s.release = with.of(ctx, s.node, old)
		if s.release == sameRelease && s.swappable() {
			s.add(inspect.CodeChangedSameVersion, "both are of the same version by what they claim")
		}
	case good.Confirmed:
		s.add(inspect.CodeKnownGood, "the known-good image has the same")
	default:
		s.add("", "the previous image has the same")
	}
}

// swappable reports whether other content in the same version counts: of programs and libraries that no package of the
// system answers for, and of scripts that the image starts.
func (s *suspect) swappable() bool {
	if s.owner != "" || s.vouched {
		return false
	}
	return !s.text() || s.node.Kind == inspect.KindJar || s.has(inspect.CodeEntrypoint)
}

// rewritten finds programs that fit their package database, where the known-good has the same package in the same
// version with other content: whoever replaces a program can write its new digest into the database. Without a digest
// on both sides the difference is reported as unproven: the package may have been built twice under one version. It
// returns an error where the earlier databases cannot be read, so that the gap is seen.
func (h *scanner) rewritten(ctx context.Context, before *layer.Tree, good inspect.KnownGood) ([]*suspect, error) {
	other := h.otherContent(before)
	if len(other) == 0 {
		return nil, nil // most often: the databases of the earlier image need not be read
	}
	was, err := h.owners.Of(ctx, before)
	if err != nil {
		return nil, err
	}
	var found []*suspect
	for _, n := range other {
		c, old := h.own.Claims[n.Path], was.Claims[n.Path]
		unproven := c.Sum == "" && old.Sum == ""
		if old.Package != c.Package || old.Version != c.Version || !unproven && old.Sum == c.Sum ||
			was.Altered(n.Path) {
			continue
		}
		s := &suspect{node: n, owner: c.Package}
		if unproven {
			if h.own.Later(n) {
				continue // it is a suspect already
			}
			s.add(inspect.CodeNoDigest, fmt.Sprintf("package %s %s has other content for it in the %s image, and its "+
				"database no digest", c.Package, c.Version, good.Word()))
			s.add(inspect.CodeChangedSinceKnownGood, "")
			found = append(found, s)
			continue
		}
		s.add(inspect.CodeAltered, fmt.Sprintf("package %s %s has other content for it in the %s image: the package "+
			"database was changed with it", c.Package, c.Version, good.Word()))
		s.add(inspect.CodeChangedSinceKnownGood, "")
		found = append(found, s)
	}
	return found, nil
}

// otherContent lists the programs that match their package, and that an earlier image has with other content.
// Those are the only ones for which the databases of the earlier image are read. Files of configuration are left out,
// since they are meant to be changed, and so are the lists of languages' package managers, which anyone may write. The
// order is that of the paths, so that two runs give the same rows.
func (h *scanner) otherContent(before *layer.Tree) []*inspect.Node {
	var list []*inspect.Node
	for p, c := range h.own.Claims {
		if c.Version == "" || c.Config || c.From.Language || h.own.Altered(p) {
			continue
		}
		n, o := h.tree.Get(p), before.Get(p)
		if n != nil && o != nil && n.Kind != "" && layer.IsRegular(n) && layer.IsRegular(o) && n.SHA256 != o.SHA256 {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b *inspect.Node) int { return layer.ComparePaths(a.Path, b.Path) })
	return list
}
