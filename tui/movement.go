package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// move goes down by so many rows in the region that has the focus, or up.
func (m *Model) move(by int) tea.Cmd {
	if v := m.viewer; v != nil {
		v.window.move(by, v.Len())
		return nil
	}
	if m.open == nil {
		m.movePods(by)
		return nil
	}
	s := m.open
	st := s.state()
	switch {
	case st.focus == regionList:
		st.list.move(by)
		return m.wantTree()
	case st.focus == regionTop:
		st.top = min(max(0, st.top+by), max(0, len(s.brief)-1))
	case s.pane == paneLayers:
		s.tree.move(by, treeRows{m, s}.Len())
	default:
		st.scroll = max(0, st.scroll+by)
	}
	return nil
}

func (m *Model) movePods(by int) {
	v := m.pods
	if v.focus == regionDetail {
		v.scroll = max(0, v.scroll+by)
		return
	}
	v.rowsOf.move(by)
}

func runLeft(m *Model, _ string) tea.Cmd {
	if v := m.viewer; v != nil {
		v.left = max(0, v.left-8)
		return nil
	}
	if m.open == nil {
		if r, ok := m.row(); ok && m.pods.focus == regionList && m.pods.unfolded[groupOf(r.id)] {
			m.pods.unfolded[groupOf(r.id)] = false
			m.pods.refresh(m)
			m.pods.rowsOf.choose(groupOf(r.id))
			return nil
		}
		m.pods.focus = regionList
		return nil
	}
	s := m.open
	if s.pane == paneLayers && s.state().focus == regionDetail && s.tree.tree != nil && !s.tree.matched && s.tree.tree.Len() > 0 {
		if s.tree.tree.Close(s.tree.at) {
			return nil
		}
		if up := s.tree.tree.Parent(s.tree.at); up >= 0 {
			s.tree.at = up
			return nil
		}
	}
	if s.state().focus == regionList && s.pane > paneOverview {
		s.from = nil
		m.showPane(s.pane - 1)
		return m.wantTree()
	}
	s.state().focus = regionList
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
		if r, ok := m.row(); ok && m.pods.focus == regionList && r.open != nil && !m.pods.unfolded[r.id] {
			r.open()
			return nil
		}
		m.pods.focus = regionDetail
		return nil
	}
	s := m.open
	st := s.state()
	if s.pane == paneLayers && st.focus == regionDetail {
		if t := s.tree.tree; t != nil && !s.tree.matched && t.Len() > 0 {
			t.Open(s.tree.at)
		}
		return nil
	}
	if st.focus == regionDetail && s.pane < paneCount-1 {
		st.focus = regionList
		s.from = nil
		m.showPane(s.pane + 1)
		return m.wantTree()
	}
	st.focus = regionDetail
	return m.wantTree()
}

// regions are those of the screen on show, in the order of tab.
func (m *Model) regions() []region {
	if m.open != nil && m.open.pane == paneOverview {
		return []region{regionTop, regionList, regionDetail}
	}
	return []region{regionList, regionDetail}
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
func (m *Model) focus() region {
	if m.open != nil {
		return m.open.state().focus
	}
	return m.pods.focus
}

func (m *Model) setFocus(r region) {
	if m.open != nil {
		m.open.state().focus = r
		return
	}
	m.pods.focus = r
}

// inTree says that the file tree has the focus.
func (s *caseScreen) inTree() bool {
	return s.pane == paneLayers && s.state().focus == regionDetail
}

// windowOf gives the rows that have the focus.
func (m *Model) windowOf() (*window, int) {
	switch {
	case m.open == nil:
		return &m.pods.rowsOf.window, m.pods.rowsOf.Len()
	case m.open.inTree():
		return &m.open.tree.window, treeRows{m, m.open}.Len()
	default:
		return &m.open.state().list.window, m.open.state().list.Len()
	}
}

// touch notes that the person has moved in the list that has the focus.
func (m *Model) touch() {
	switch {
	case m.open == nil:
		m.pods.rowsOf.stay()
	case !m.open.inTree():
		m.open.state().list.stay()
	}
}
