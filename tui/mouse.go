package tui

import (
	tea "charm.land/bubbletea/v2"
)

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
			head := 1
			if m.open == nil {
				head = m.pods.head(m, at)
			}
			w.at = min(max(0, w.top+y-at.y-head), max(0, n-1))
			m.touch()
		}
		return m.wantTree()
	}
	return nil
}
