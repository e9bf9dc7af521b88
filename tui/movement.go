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
	if s.pane == paneLayers && s.state().focus == regionDetail && s.tree.tree != nil && !s.tree.matched && len(s.tree.tree.visible) > 0 {
		if s.tree.tree.Close(s.tree.at) {
			return nil
		}
		if up := s.tree.tree.Parent(s.tree.at); up >= 0 {
			s.tree.at = up
			return nil
		}
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
		if t := s.tree.tree; t != nil && !s.tree.matched && len(t.visible) > 0 {
			t.Open(s.tree.at)
		}
		return nil
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

func runFilter(m *Model, _ string) tea.Cmd {
	m.filtering = true
	m.filter.SetValue(m.filterText())
	m.filter.CursorEnd()
	return nil
}

// filterText is the filter of what has the focus.
func (m *Model) filterText() string {
	switch {
	case m.viewer != nil:
		return m.viewer.find
	case m.open != nil && m.open.inTree():
		return m.open.tree.filter
	case m.open != nil:
		return m.open.state().list.filter
	default:
		return m.pods.rowsOf.filter
	}
}

// inTree says that the file tree has the focus.
func (s *caseScreen) inTree() bool {
	return s.pane == paneLayers && s.state().focus == regionDetail
}

// typeFilter takes keys while the filter is being typed: esc clears it, enter keeps it.
func (m *Model) typeFilter(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "esc":
			m.filtering = false
			m.filter.Reset()
			return m.setFilter("")
		case "enter":
			m.filtering = false
			return nil
		case "up":
			return m.move(-1)
		case "down":
			return m.move(1)
		}
	}
	before := m.filter.Value()
	var cmd tea.Cmd
	m.filter, cmd = m.filter.Update(msg)
	if m.filter.Value() == before {
		return cmd
	}
	return tea.Batch(cmd, m.setFilter(m.filter.Value()))
}

// setFilter filters what has the focus. A file tree is searched outside of Update.
func (m *Model) setFilter(text string) tea.Cmd {
	switch {
	case m.viewer != nil:
		m.viewer.find = text
		if text != "" {
			m.viewer.window.at--
			m.viewer.seekText(1)
		}
	case m.open != nil && m.open.inTree():
		return m.open.searchTree(m, text)
	case m.open != nil:
		m.open.state().list.setFilter(text)
		return m.wantTree()
	default:
		m.pods.rowsOf.setFilter(text)
	}
	return nil
}

func (s *caseScreen) searchTree(m *Model, text string) tea.Cmd {
	t := s.tree.tree
	if t == nil {
		return nil
	}
	if text == "" {
		s.backFilter(m)
		return nil
	}
	s.tree.filter = text
	gen, key := s.gen, s.tree.key
	return work(func() tea.Msg { return matchesMsg{gen: gen, key: key, filter: text, found: t.match(text)} })
}

func (m *Model) matchesCame(msg matchesMsg) {
	s := m.open
	if s == nil || s.gen != msg.gen || s.tree.key != msg.key || s.tree.filter != msg.filter {
		return
	}
	s.tree.matches, s.tree.matched, s.tree.window = msg.found, true, window{}
}

// next goes to the next row that the filter let through, around the end.
func (m *Model) next(by int) tea.Cmd {
	if v := m.viewer; v != nil {
		if !v.seekText(by) {
			m.info("not found: " + v.find)
		}
		return nil
	}
	if w, n := m.windowOf(); n > 0 {
		w.at = ((w.at+by)%n + n) % n
		m.touch()
	}
	return m.wantTree()
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
		m.pods.rowsOf.moved = true
	case !m.open.inTree():
		m.open.state().list.moved = true
	}
}

func whyNoNext(m *Model) string {
	if m.filterText() == "" {
		return "there is no filter; / sets one"
	}
	return ""
}

// pointer takes the mouse: a click selects or gives the focus, the wheel moves.
func (m *Model) pointer(msg tea.MouseMsg) tea.Cmd {
	if !m.mouse || m.dialog != nil {
		return nil
	}
	switch msg := msg.(type) {
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			return m.move(-3)
		}
		return m.move(3)
	case tea.MouseClickMsg:
		return m.click(msg.X, msg.Y)
	}
	return nil
}

func (m *Model) click(x, y int) tea.Cmd {
	f := m.layout()
	if v := m.viewer; v != nil {
		v.window.at = min(max(0, v.window.top+y-2), max(0, v.Len()-1))
		return nil
	}
	for _, r := range m.regions() {
		at := f.body(r)
		if at.empty() || !at.contains(x, y) {
			continue
		}
		m.setFocus(r)
		if w, n := m.windowOf(); r == regionList || m.open != nil && m.open.inTree() {
			w.at = min(max(0, w.top+y-at.y-1), max(0, n-1))
			m.touch()
		}
		return m.wantTree()
	}
	return nil
}
