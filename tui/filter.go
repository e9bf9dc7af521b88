package tui

import (
	tea "charm.land/bubbletea/v2"
)

// runFilter starts to type a filter, from the one that is set. The text is that of the screen's own filter, so that a
// person corrects it instead of typing it anew.
func runFilter(m *Model, _ string) tea.Cmd {
	m.filtering = true
	m.filter.SetValue(m.top().Filter())
	m.filter.CursorEnd()
	return nil
}

// typeFilter takes keys while the filter is being typed: esc clears it, enter keeps it. Up and down move the
// selection among the matches meanwhile. Every other key, q and ? too, is text.
func (m *Model) typeFilter(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "esc":
			m.filtering = false
			m.filter.Reset()
			return m.top().SetFilter("")
		case "enter":
			m.filtering = false
			return nil
		case "up":
			return m.top().Move(-1)
		case "down":
			return m.top().Move(1)
		}
	}
	before := m.filter.Value()
	var cmd tea.Cmd
	m.filter, cmd = m.filter.Update(msg)
	if m.filter.Value() == before {
		return cmd
	}
	return tea.Batch(cmd, m.top().SetFilter(m.filter.Value()))
}
