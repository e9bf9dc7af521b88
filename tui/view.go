package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

// View draws what can be seen.
func (m *Model) View() tea.View {
	lines, cursor := m.draw()
	text := strings.Join(lines, "\n")
	if m.o.ASCII {
		text = plain(text)
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
func (m *Model) layout() frame {
	s := shape{share: 55, stacked: true}
	if m.open != nil && m.viewer == nil {
		st := m.open.state()
		s = shape{tabs: true, share: m.open.pane.spec().share, focus: st.focus}
		if m.open.running == 0 {
			s.rows = st.list.size() + 1
		}
		switch m.open.pane {
		case paneOverview:
			s.top = len(m.open.brief) + 1
			if m.open.running > 0 {
				s.top = max(s.top, briefRows) // it grows while the checks run: the rows below it stay where they are
			}
		case paneLayers:
			s.foot = 12
		default: // the others have no more regions than a list and its detail
		}
	} else if m.pods != nil {
		s.focus = m.pods.focus
		if !m.pods.loading {
			s.rows = m.pods.rowsOf.size() + 2
		}
	}
	return layout(m.width, m.height, s)
}

func (m *Model) draw() ([]string, *tea.Cursor) {
	f := m.layout()
	if f.small {
		return m.drawSmall(), nil
	}
	var lines []string
	var cursor *tea.Cursor
	lines = append(lines, m.headerLine(f.header.w))
	switch {
	case m.viewer != nil:
		body := rect{0, 1, m.width, m.height - 3}
		lines = append(lines, fill(m.drawViewer(body, m.p), body.w, body.h)...)
		cursor = still(0, 2+m.viewer.window.at-m.viewer.window.top)
	case m.open != nil:
		lines = append(lines, m.tabsLine(f.tabs.w))
		var body []string
		body, cursor = m.drawCase(f)
		lines = append(lines, body...)
	default:
		var body []string
		body, cursor = m.drawPods(f)
		lines = append(lines, body...)
	}
	status, at := m.statusLine(f.status.w)
	if at != nil {
		at.Y += f.status.y
		cursor = at
	}
	lines = append(lines, status, m.keysLine(f.keys.w))
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
	text := "backtrail needs 30 columns and 8 rows; this is " + plural(max(0, m.width), "column") + " and " + plural(max(0, m.height), "row") + "."
	return fill(wrap(text, max(1, m.width)), max(0, m.width), max(0, m.height))
}
