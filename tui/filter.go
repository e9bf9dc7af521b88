package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
)

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
		return m.open.state().list.Filter()
	default:
		return m.pods.rowsOf.Filter()
	}
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
			m.viewer.Window.At--
			m.viewer.seekText(1)
		}
	case m.open != nil && m.open.inTree():
		return m.open.searchTree(m, text)
	case m.open != nil:
		m.open.state().list.SetFilter(text)
		return m.wantTree()
	default:
		m.pods.rowsOf.SetFilter(text)
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
	return work(func() tea.Msg { return matchesMsg{gen: gen, key: key, filter: text, found: t.Match(text)} })
}

func (m *Model) matchesCame(msg matchesMsg) {
	s := m.open
	if s == nil || s.gen != msg.gen || s.tree.key != msg.key || s.tree.filter != msg.filter {
		return
	}
	s.tree.matches, s.tree.matched, s.tree.Window = msg.found, true, widget.Window{}
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
		w.At = ((w.At+by)%n + n) % n
		m.touch()
	}
	return m.wantTree()
}

func whyNoNext(m *Model) string {
	if m.filterText() == "" {
		return "there is no filter; / sets one"
	}
	return ""
}
