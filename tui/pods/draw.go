package pods

import (
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// sparkFrom is the width of the list, in cells, from which on its title has a sparkline of the alerts.
const sparkFrom = 120

// Arrange places the regions, scrolls so that the selected row is in sight, and writes its detail. While a list is on
// its way the region has its full height, so that nothing jumps when it comes.
func (s *Screen) Arrange() {
	shape := widget.Shape{Share: 55, Stacked: true, Focus: s.focus, Zoom: s.zoom}
	if !s.loading {
		shape.Rows = s.list.Size() + 2
	}
	s.places = widget.Place(s.shell.Width, s.shell.Height, shape)
	list, detail := s.places.List, s.places.Detail
	s.list.Seek(s.list.Len(), list.H-headRows(s, list))
	if r, ok := s.selected(); ok && !detail.Empty() {
		if s.about != r.id {
			s.about, s.detail.Top = r.id, 0
		}
		d := widget.NewDocument(s.shell.Paint, detail.W-1)
		r.late().detail(d)
		s.detail.Lines = d.Lines
	} else {
		s.detail.Lines = nil
	}
	s.detail.Fit(detail.H - 1)
}

// Draw gives the screen below the header.
func (s *Screen) Draw() ([]string, *tea.Cursor) {
	p, list, detail := s.shell.Paint, s.places.List, s.places.Detail
	var lines []string
	var cursor *tea.Cursor
	if !list.Empty() {
		lines = append(lines, widget.Fill(drawList(s, list), list.W, list.H)...)
		cursor = shell.Cursor(0, list.Y+headRows(s, list)+s.list.At-s.list.Top)
	}
	if !detail.Empty() {
		focused := s.focus == widget.RegionDetail
		body := []string{p.TitleLine("Detail", detail.W, focused)}
		body = append(body, s.detail.Draw(p, detail.W, detail.H-1)...)
		lines = append(lines, widget.Fill(body, detail.W, detail.H)...)
		if focused {
			cursor = shell.Cursor(0, detail.Y+1)
		}
	}
	return lines, cursor
}

// headRows counts the lines above the first row: the title, and the names of the columns where there is room.
func headRows(s *Screen, r widget.Rect) int {
	if s.list.Len() > 0 && headCells(s, r.W-3) != nil && r.H > 4 {
		return 2
	}
	return 1
}

// drawList draws the title, the names of the columns and the rows. A filter takes the place of the alerts in the
// title: what is hidden matters more.
func drawList(s *Screen, r widget.Rect) []string {
	p, focused := s.shell.Paint, s.focus == widget.RegionList
	title := "Pods · " + s.alertsLine()
	if s.from != nil {
		title = onlyTitle(s) + " · " + widget.Plural(len(s.board.list.Pods), "pod")
	}
	if s.list.Filter() != "" {
		title = "Pods, filter " + s.list.Filter() + ": " + widget.Plural(s.list.Len(), "row")
	}
	if r.W >= sparkFrom && s.board.spark != "" {
		title += "  " + s.board.spark
	}
	lines := []string{p.TitleLine(title, r.W, focused)}
	if s.list.Len() == 0 {
		text, t := s.emptyText()
		return append(lines, p.In(t, widget.Fit(text, r.W)))
	}
	if headRows(s, r) > 1 {
		names := append([]widget.Cell{{Width: 2}}, headCells(s, r.W-3)...)
		lines = append(lines, p.Line(r.W, widget.LookPlain, names...))
	}
	return append(lines, s.list.Draw(&s.list, r.W, r.H-len(lines), focused)...)
}

// emptyText is why there are no rows. An empty list has four reasons, and only one of them is that there is nothing.
func (s *Screen) emptyText() (string, widget.Tone) {
	switch {
	case s.loading:
		return "…", widget.ToneDim
	case s.list.Filter() != "":
		return "no match among " + widget.Plural(s.list.Size(), "row") + "; esc clears the filter", widget.ToneDim
	case s.came.IsZero():
		return "the pods could not be listed; r tries again", widget.ToneWarn
	case s.from != nil:
		return "no pod of the list has it", widget.ToneDim
	case s.all:
		return "no pods in any namespace that can be listed", widget.ToneDim
	default:
		return "no pods here; A shows all namespaces", widget.ToneDim
	}
}
