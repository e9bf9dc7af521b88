package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// View draws what is visible. It changes nothing. bubbletea compares it with the frame before and writes what
// differs; drawing twice gives the same bytes. Without UTF-8 the frame is made first and replaced sign by sign, which
// keeps its columns.
func (m *Model) View() tea.View {
	lines, cursor := m.draw()
	text := strings.Join(lines, "\n")
	if m.o.ASCII {
		text = widget.ASCII(text)
	}
	v := tea.NewView(text)
	v.AltScreen, v.Cursor, v.WindowTitle = true, cursor, m.top().Header().Title
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

// draw puts header, screen, status line, keys and dialog together.
func (m *Model) draw() ([]string, *tea.Cursor) {
	if m.Width < widget.MinWidth || m.Height < widget.MinHeight {
		return m.drawSmall(), nil
	}
	lines, cursor := m.drawScreen()
	return append(lines, m.tour.draw(m.Paint, m.Width, m.tourHeight)...), cursor
}

// drawScreen puts header, screen, status line and keys together, with the dialog over them.
func (m *Model) drawScreen() ([]string, *tea.Cursor) {
	body, cursor := m.top().Draw()
	lines := append([]string{m.headerLine(m.Width)}, body...)
	status, at := m.statusLine(m.Width)
	if at != nil {
		at.Y += m.Height - 2
		cursor = at
	}
	lines = append(lines, status, m.keysLine(m.Width))
	if m.Dialog != nil {
		cursor = m.drawDialog(lines)
	}
	return lines, cursor
}

// drawSmall is what the screen needs.
func (m *Model) drawSmall() []string {
	text := fmt.Sprintf("backtrail needs %d columns and %d rows; this is %s and %s.", widget.MinWidth, widget.MinHeight,
		widget.Plural(max(0, m.Width), "column"), widget.Plural(max(0, m.Height), "row"))
	return widget.Fill(widget.Wrap(text, max(1, m.Width)), max(0, m.Width), max(0, m.Height))
}

// dialogBox is where the dialog's box may be; its height is the most that it gets.
func (m *Model) dialogBox() widget.Rect {
	width := min(m.Width-2, max(76, m.Width*2/3), 100)
	height := m.Height - 6
	if m.Height < 2*widget.OneHeight {
		height = m.Height - 1
	}
	if m.Width < widget.OneWidth {
		width = m.Width
	}
	return widget.Rect{X: (m.Width - width) / 2, W: width, H: height}
}

// drawDialog puts the dialog's box over the screen. The lines below are cut at its edges by columns, whatever colors
// they have. Title and inside may be foreign.
func (m *Model) drawDialog(lines []string) *tea.Cursor {
	box, p := m.dialogBox(), m.Paint
	inside, cursor := m.Dialog.Draw()
	inside = inside[:min(len(inside), max(0, box.H-2))]
	// the top stays where it is when the inside changes
	box.Y = max(0, min(m.Height/6, m.Height-3-len(inside)))
	edge := p.In(widget.ToneFocus, "│")
	name := " " + text.Clean(m.Dialog.Title()) + " "
	name = widget.Fit(name, min(box.W-4, ansi.StringWidth(name)))
	rule := strings.Repeat("─", max(0, box.W-3-ansi.StringWidth(name)))
	drawn := []string{p.In(widget.ToneFocus, "┌─"+name+rule+"┐")}
	for _, l := range inside {
		drawn = append(drawn, edge+" "+widget.Pad(l, box.W-4)+" "+edge)
	}
	drawn = append(drawn, p.In(widget.ToneFocus, "└"+strings.Repeat("─", max(0, box.W-2))+"┘"))
	for i, l := range drawn {
		if at := box.Y + i; at < len(lines)-1 {
			under := lines[at]
			lines[at] = ansi.Truncate(under, box.X, "") + l + ansi.TruncateLeft(under, box.X+box.W, "")
		}
	}
	if cursor != nil {
		cursor.X, cursor.Y = cursor.X+box.X+2, cursor.Y+box.Y+1
	}
	return cursor
}
