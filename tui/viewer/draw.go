package viewer

import (
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// body is the number of lines below the title: the header, the title, the status line and the keys take four.
func (s *Screen) body() int { return max(0, s.shell.Height-4) }

// Arrange scrolls so that the selected line is in sight.
func (s *Screen) Arrange() { s.lines.Seek(s.Len(), s.body()) }

// Draw gives the screen below the header. Only the lines in sight are drawn.
func (s *Screen) Draw() ([]string, *tea.Cursor) {
	p, width := s.shell.Paint, s.shell.Width
	lines := []string{p.TitleLine(s.title(), width, true)}
	switch {
	case s.err != nil:
		d := widget.NewDocument(p, width-2)
		d.Outcome(widget.SignOpen, "could not be read", s.err.Error())
		lines = append(lines, d.Lines...)
	case s.got == nil:
		lines = append(lines, "…")
	case s.Len() == 0:
		lines = append(lines, p.In(widget.ToneDim, "empty"))
	default:
		lines = append(lines, s.lines.Draw(s, width, s.body(), true)...)
	}
	return widget.Fill(lines, width, s.body()+1), shell.Cursor(0, 2+s.lines.At-s.lines.Top)
}
