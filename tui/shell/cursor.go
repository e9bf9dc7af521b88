package shell

import tea "charm.land/bubbletea/v2"

// Cursor is the terminal's cursor at a cell. It does not blink.
func Cursor(x, y int) *tea.Cursor {
	c := tea.NewCursor(x, y)
	c.Blink = false
	c.Shape = tea.CursorBar
	return c
}
