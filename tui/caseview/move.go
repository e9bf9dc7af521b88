package caseview

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// Move goes down by so many rows in the region that has the focus, or up. Every region bounds its own cursor, so that
// any number will do.
func (s *Screen) Move(by int) tea.Cmd {
	switch st := s.state(); {
	case st.focus == widget.RegionList:
		st.list.Move(by)
	case st.focus == widget.RegionTop:
		s.top.Move(by)
	case s.inTree():
		s.tree.Move(by)
	default:
		st.detail.Move(by)
	}
	return nil
}

// Scroll goes down by so many pages of the detail, from the list too, or up; where there is none, of the list. In the
// file tree, which is the detail of Layers, pages move its cursor.
func (s *Screen) Scroll(pages int) tea.Cmd {
	st := s.state()
	switch {
	case st.focus != widget.RegionList:
		return s.Move(pages * s.Rows())
	case s.places.Detail.Empty():
		st.list.Move(pages * s.Rows())
	case s.pane == pane.Layers:
		s.tree.Move(pages * max(1, s.places.Detail.H-1))
	default:
		st.detail.Move(pages * max(1, s.places.Detail.H-1))
	}
	return nil
}

// Rows is the height of the region with the focus, without its title.
func (s *Screen) Rows() int { return max(1, s.places.Body(s.state().focus).H-1) }

// runZoom gives the region with the focus all of the screen, or shows the others again. + and _ are those of lazygit;
// esc leaves the zoom too.
func runZoom(s *Screen, key string) tea.Cmd {
	s.zoom = key != "_"
	return nil
}

// runLeft closes a directory, else goes to the list, else to the pane on the left.
func runLeft(s *Screen, _ string) tea.Cmd {
	st := s.state()
	group, heads := selectedGroup(s)
	switch {
	case s.inTree() && s.tree.Close():
	// in a group ← closes it, from any of its findings
	case group != "" && s.opened[group] || group != "" && !heads:
		setGroup(s, group, false)
	case st.focus == widget.RegionList && s.pane > pane.Overview:
		s.visit(s.pane - 1)
	default:
		st.focus = widget.RegionList
	}
	return nil
}

// runRight opens a directory, else goes to the detail, else to the pane on the right.
func runRight(s *Screen, _ string) tea.Cmd {
	st := s.state()
	group, heads := selectedGroup(s)
	switch {
	case s.inTree():
		s.tree.Open()
	case heads && !s.opened[group]:
		setGroup(s, group, true)
	case st.focus == widget.RegionDetail && s.pane < pane.Count-1:
		st.focus = widget.RegionList
		s.visit(s.pane + 1)
	default:
		st.focus = widget.RegionDetail
	}
	return nil
}

// regions are those of the pane on screen, in the order of tab.
func (s *Screen) regions() []widget.Region {
	if s.pane == pane.Overview {
		return []widget.Region{widget.RegionTop, widget.RegionList, widget.RegionDetail}
	}
	return []widget.Region{widget.RegionList, widget.RegionDetail}
}

// runFocus gives the next region the focus; with shift the previous one.
func runFocus(s *Screen, key string) tea.Cmd {
	by := 1
	if key == "shift+tab" {
		by = -1
	}
	all := s.regions()
	for i, r := range all {
		if r == s.state().focus {
			s.state().focus = all[(i+by+len(all))%len(all)]
			break
		}
	}
	return nil
}

// Click selects the row at a cell of the terminal, or gives a region the focus. The first line of a region is its
// title, and selects nothing.
func (s *Screen) Click(x, y int) tea.Cmd {
	for _, r := range s.regions() {
		at := s.places.Body(r)
		if at.Empty() || !at.Contains(x, y) {
			continue
		}
		st := s.state()
		st.focus = r
		switch {
		case r == widget.RegionList:
			st.list.MoveTo(st.list.Top + y - at.Y - 1)
		case s.inTree():
			s.tree.At = s.tree.Top + y - at.Y - 1
			s.tree.Move(0)
		}
		break
	}
	return nil
}

// Filter is that of what has the focus.
func (s *Screen) Filter() string {
	if s.inTree() {
		return s.tree.Filter()
	}
	return s.state().list.Filter()
}

// SetFilter filters what has the focus. A file tree is searched outside of Update. An empty text clears it.
func (s *Screen) SetFilter(text string) tea.Cmd {
	if s.inTree() {
		return searchTree(s, text)
	}
	s.filterList(text)
	return nil
}

// filterList filters the rows of the pane. While a filter is set, groups of findings are open.
func (s *Screen) filterList(text string) {
	s.state().list.SetFilter(text)
	s.state().stale = true
	s.refresh()
}

// whyNoNext is why there is no next match.
func whyNoNext(s *Screen) string {
	if s.Filter() == "" {
		return "no filter is set; / sets one"
	}
	return ""
}

// next goes to the next row that matches the filter, around the end.
func (s *Screen) next(by int) tea.Cmd {
	if s.inTree() {
		if n := s.tree.Len(); n > 0 {
			s.tree.At = ((s.tree.At+by)%n + n) % n
		}
		return nil
	}
	if l := &s.state().list; l.Len() > 0 {
		l.MoveTo(((l.At+by)%l.Len() + l.Len()) % l.Len())
	}
	return nil
}

// whyNoBack is why esc does nothing inside the case; the shell leaves the case then.
func whyNoBack(s *Screen) string {
	st := s.state()
	treeFilter := s.pane == pane.Layers && s.tree.Filter() != ""
	if len(s.from) == 0 && !s.zoom && st.focus == widget.RegionList && st.list.Filter() == "" && !treeFilter {
		return "nothing to go back to; q quits"
	}
	return ""
}

// runBack clears a filter, else leaves the zoom, else goes from the detail to the list, else to the place before.
func runBack(s *Screen, _ string) tea.Cmd {
	st := s.state()
	switch {
	case s.pane == pane.Layers && s.tree.Filter() != "":
		s.tree.ClearFilter()
	case st.list.Filter() != "":
		s.filterList("")
	case s.zoom:
		s.zoom = false
	case st.focus != widget.RegionList && !s.jumped():
		st.focus = widget.RegionList
	default:
		s.goBack()
	}
	return nil
}
