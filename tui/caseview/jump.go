package caseview

import (
	"cmp"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// whyNoFileLayer is why there is no layer to go to.
func whyNoFileLayer(s *Screen) string {
	if r, ok := s.row(); !ok || r.Path == "" || r.Layer < 0 {
		return "no file whose layer is known is selected"
	}
	return ""
}

// runFileLayer goes from a file to its layer.
func runFileLayer(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	jumpTo(s, r.Container, r.Path, r.Layer)
	return nil
}

// whyNoFileFindings is why there is no finding to go to.
func whyNoFileFindings(s *Screen) string {
	r, ok := s.row()
	if id, _ := s.view(pane.Overview).FindingOf(r.Path); !ok || id == "" {
		return "no finding is about the selected file"
	}
	return ""
}

// runFileFindings goes from a file to the first finding about it. The filter of the overview is cleared, since it
// might hide the finding, and the group that has it is opened.
func runFileFindings(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	id, group := s.view(pane.Overview).FindingOf(r.Path)
	s.visit(pane.Overview)
	st := s.state()
	st.list.SetFilter("")
	if group != "" {
		setGroup(s, group, true)
	}
	st.list.Choose(id)
	st.focus = widget.RegionList
	return nil
}

// whyNoPackage is why there is no package to go to.
func whyNoPackage(s *Screen) string {
	r, ok := s.row()
	if id, _ := packageRowOf(s, cmp.Or(r.Path, r.Mark)); !ok || id == "" {
		return "no package is known to own the selected file"
	}
	return ""
}

// packageRowOf is the row of the package that owns a file, and whether it is only in the list of all packages, not in
// the comparison.
func packageRowOf(s *Screen, path string) (id string, whole bool) {
	v := s.view(pane.Packages)
	name := v.OwnerOf(path)
	for _, v.Whole = range []bool{s.whole, true} {
		if id := pane.PackageOf(pane.Packages.Listed(v), name); id != "" {
			return id, v.Whole
		}
	}
	return "", false
}

// runPackage goes from a file to the package that owns it; esc leads back.
func runPackage(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	id, whole := packageRowOf(s, cmp.Or(r.Path, r.Mark))
	before := s.here()
	before.jump = true
	if s.pane != pane.Packages {
		s.from = append(s.from, before)
	}
	s.whole, s.panes[pane.Packages].stale = whole, true
	s.showPane(pane.Packages)
	st := s.state()
	st.list.SetFilter("")
	st.list.Choose(id)
	st.focus = widget.RegionList
	return nil
}

// jumpTo goes from a row to its file: in the tree of its layer, or of the merged image where the layer is not known.
// The way back leads to the row that one came from, also where the jump changed the container. Jumps within Layers
// add no place: esc would walk through each of them.
func jumpTo(s *Screen, container, path string, layer int) {
	before := s.here()
	before.jump = true
	if container != "" && container != s.container {
		s.container, s.chosen = container, true
		s.changed()
	}
	// an alert may not know the layer; a row of the file does
	if layer < 0 {
		layer = pane.LayerOf(s.image(), path)
	}
	if s.pane != pane.Layers {
		s.from = append(s.from, before)
	}
	s.showPane(pane.Layers)
	st := s.state()
	st.list.SetFilter("")
	st.focus = widget.RegionDetail
	is := func(r pane.Row) bool { return r.Layer == layer && r.ID != pane.MergedID }
	if layer < 0 || !st.list.ChooseFunc(is) {
		st.list.Choose(pane.MergedID)
	}
	if key, ok := wantedTree(s); !ok || key != s.tree.Key() {
		s.tree.Drop()
	}
	reveal(s, path)
}
