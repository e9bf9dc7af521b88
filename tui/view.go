package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// View draws what can be seen.
func (m *Model) View() tea.View {
	lines, cursor := m.draw()
	text := strings.Join(lines, "\n")
	if m.o.ASCII {
		text = widget.ASCII(text)
	}
	v := tea.NewView(text)
	v.AltScreen, v.Cursor, v.WindowTitle = true, cursor, m.windowTitle()
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

func (m *Model) windowTitle() string {
	if m.open != nil {
		return "backtrail " + inspect.Clean(m.open.c.Target.Name)
	}
	return "backtrail"
}

// briefRows are the lines of a full brief, its title counted.
const briefRows = 15

// layout places the screen on show.
func (m *Model) layout() widget.Places {
	s := widget.Shape{Share: 55, Stacked: true}
	if m.open != nil && m.viewer == nil {
		st := m.open.state()
		s = widget.Shape{Tabs: true, Share: m.open.pane.spec().share, Focus: st.focus}
		if m.open.running == 0 {
			s.Rows = st.list.Size() + 1
		}
		switch m.open.pane {
		case paneOverview:
			s.Top = len(m.open.brief) + 1
			if m.open.running > 0 {
				s.Top = max(s.Top, briefRows) // it grows while the checks run: the rows below it stay where they are
			}
		case paneLayers:
			s.Foot = 12
		default: // the others have no more regions than a list and its detail
		}
	} else if m.pods != nil {
		s.Focus = m.pods.focus
		if !m.pods.loading {
			s.Rows = m.pods.rowsOf.Size() + 2
		}
	}
	return widget.Place(m.width, m.height, s)
}

func (m *Model) draw() ([]string, *tea.Cursor) {
	f := m.layout()
	if f.Small {
		return m.drawSmall(), nil
	}
	var lines []string
	var cursor *tea.Cursor
	lines = append(lines, m.headerLine(f.Header.W))
	switch {
	case m.viewer != nil:
		body := widget.Rect{X: 0, Y: 1, W: m.width, H: m.height - 3}
		lines = append(lines, widget.Fill(m.drawViewer(body, m.p), body.W, body.H)...)
		cursor = still(0, 2+m.viewer.Window.At-m.viewer.Window.Top)
	case m.open != nil:
		lines = append(lines, m.tabsLine(f.Tabs.W))
		var body []string
		body, cursor = m.drawCase(f)
		lines = append(lines, body...)
	default:
		var body []string
		body, cursor = m.drawPods(f)
		lines = append(lines, body...)
	}
	status, at := m.statusLine(f.Status.W)
	if at != nil {
		at.Y += f.Status.Y
		cursor = at
	}
	lines = append(lines, status, m.keysLine(f.Keys.W))
	if m.dialog != nil {
		cursor = m.drawDialog(lines)
	}
	return lines, cursor
}

// still is a cursor that does not blink.
func still(x, y int) *tea.Cursor {
	c := tea.NewCursor(x, y)
	c.Blink = false
	c.Shape = tea.CursorBar
	return c
}

// drawSmall says what the screen needs.
func (m *Model) drawSmall() []string {
	text := "backtrail needs 30 columns and 8 rows; this is " + widget.Plural(max(0, m.width), "column") + " and " + widget.Plural(max(0, m.height), "row") + "."
	return widget.Fill(widget.Wrap(text, max(1, m.width)), max(0, m.width), max(0, m.height))
}
