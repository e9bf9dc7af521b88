package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
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
		v.Window.At = min(max(0, v.Window.Top+y-2), max(0, v.Len()-1))
		return nil
	}
	for _, r := range m.regions() {
		at := f.Body(r)
		if at.Empty() || !at.Contains(x, y) {
			continue
		}
		m.setFocus(r)
		if w, n := m.windowOf(); r == widget.RegionList || m.open != nil && m.open.inTree() {
			head := 1
			if m.open == nil {
				head = m.pods.head(m, at)
			}
			w.At = min(max(0, w.Top+y-at.Y-head), max(0, n-1))
			m.touch()
		}
		return m.wantTree()
	}
	return nil
}
