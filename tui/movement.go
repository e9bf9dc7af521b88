package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
)

// move goes down by so many rows in the region that has the focus, or up.
func (m *Model) move(by int) tea.Cmd {
	if v := m.viewer; v != nil {
		v.Window.Move(by, v.Len())
		return nil
	}
	if m.open == nil {
		m.movePods(by)
		return nil
	}
	s := m.open
	st := s.state()
	switch {
	case st.focus == widget.RegionList:
		st.list.Move(by)
		return m.wantTree()
	case st.focus == widget.RegionTop:
		st.top = min(max(0, st.top+by), max(0, len(s.brief)-1))
	case s.pane == paneLayers:
		s.tree.Move(by, treeRows{m, s}.Len())
	default:
		st.scroll = max(0, st.scroll+by)
	}
	return nil
}

func (m *Model) movePods(by int) {
	v := m.pods
	if v.focus == widget.RegionDetail {
		v.scroll = max(0, v.scroll+by)
		return
	}
	v.rowsOf.Move(by)
}

func runLeft(m *Model, _ string) tea.Cmd {
	if v := m.viewer; v != nil {
		v.left = max(0, v.left-8)
		return nil
	}
	if m.open == nil {
		if r, ok := m.row(); ok && m.pods.focus == widget.RegionList && m.pods.unfolded[groupOf(r.id)] {
			m.pods.unfolded[groupOf(r.id)] = false
			m.pods.refresh(m)
			m.pods.rowsOf.Choose(groupOf(r.id))
			return nil
		}
		m.pods.focus = widget.RegionList
		return nil
	}
	s := m.open
	if s.pane == paneLayers && s.state().focus == widget.RegionDetail && s.tree.tree != nil && !s.tree.matched && s.tree.tree.Len() > 0 {
		if s.tree.tree.Close(s.tree.At) {
			return nil
		}
		if up := s.tree.tree.Parent(s.tree.At); up >= 0 {
			s.tree.At = up
			return nil
		}
	}
	if s.state().focus == widget.RegionList && s.pane > paneOverview {
		s.from = nil
		m.showPane(s.pane - 1)
		return m.wantTree()
	}
	s.state().focus = widget.RegionList
	return nil
}

// groupOf is the ID of the group that a row of the list is or belongs to.
func groupOf(id string) string {
	if i := strings.Index(id, "pod:"); i > 0 {
		return id[:i]
	}
	return id
}

func runRight(m *Model, _ string) tea.Cmd {
	if v := m.viewer; v != nil {
		v.left += 8
		return nil
	}
	if m.open == nil {
		if r, ok := m.row(); ok && m.pods.focus == widget.RegionList && r.open != nil && !m.pods.unfolded[r.id] {
			r.open()
			return nil
		}
		m.pods.focus = widget.RegionDetail
		return nil
	}
	s := m.open
	st := s.state()
	if s.pane == paneLayers && st.focus == widget.RegionDetail {
		if t := s.tree.tree; t != nil && !s.tree.matched && t.Len() > 0 {
			t.Open(s.tree.At)
		}
		return nil
	}
	if st.focus == widget.RegionDetail && s.pane < paneCount-1 {
		st.focus = widget.RegionList
		s.from = nil
		m.showPane(s.pane + 1)
		return m.wantTree()
	}
	st.focus = widget.RegionDetail
	return m.wantTree()
}

// regions are those of the screen on show, in the order of tab.
func (m *Model) regions() []widget.Region {
	if m.open != nil && m.open.pane == paneOverview {
		return []widget.Region{widget.RegionTop, widget.RegionList, widget.RegionDetail}
	}
	return []widget.Region{widget.RegionList, widget.RegionDetail}
}

func runFocus(m *Model, key string) tea.Cmd {
	if m.viewer != nil {
		m.viewer.nextForm()
		return nil
	}
	by := 1
	if key == "shift+tab" {
		by = -1
	}
	all := m.regions()
	for i, r := range all {
		if r == m.focus() {
			m.setFocus(all[(i+by+len(all))%len(all)])
			break
		}
	}
	return m.wantTree()
}

// focus is the region that keys go to.
func (m *Model) focus() widget.Region {
	if m.open != nil {
		return m.open.state().focus
	}
	return m.pods.focus
}

func (m *Model) setFocus(r widget.Region) {
	if m.open != nil {
		m.open.state().focus = r
		return
	}
	m.pods.focus = r
}

// inTree says that the file tree has the focus.
func (s *caseScreen) inTree() bool {
	return s.pane == paneLayers && s.state().focus == widget.RegionDetail
}

// windowOf gives the rows that have the focus.
func (m *Model) windowOf() (*widget.Window, int) {
	switch {
	case m.open == nil:
		return &m.pods.rowsOf.Window, m.pods.rowsOf.Len()
	case m.open.inTree():
		return &m.open.tree.Window, treeRows{m, m.open}.Len()
	default:
		return &m.open.state().list.Window, m.open.state().list.Len()
	}
}

// touch notes that the person has moved in the list that has the focus.
func (m *Model) touch() {
	switch {
	case m.open == nil:
		m.pods.rowsOf.Stay()
	case !m.open.inTree():
		m.open.state().list.Stay()
	}
}
