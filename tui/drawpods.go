package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
)

// drawPods draws the body of the list.
func (m *Model) drawPods(f widget.Places) ([]string, *tea.Cursor) {
	v := m.pods
	var lines []string
	var cursor *tea.Cursor
	if !f.List.Empty() {
		lines = append(lines, widget.Fill(m.drawPodList(f.List), f.List.W, f.List.H)...)
		cursor = still(0, f.List.Y+v.head(m, f.List)+v.rowsOf.At-v.rowsOf.Top)
	}
	if !f.Detail.Empty() {
		d := widget.NewDocument(m.p, f.Detail.W-1)
		if r, ok := v.rowsOf.Selected(); ok {
			r = r.full()
			if v.about != r.id {
				v.about, v.scroll = r.id, 0
			}
			r.detail(d)
		}
		body := append([]string{m.p.TitleLine("Detail", f.Detail.W, v.focus == widget.RegionDetail)}, scrolled(m.p, d.Lines, &v.scroll, f.Detail.W, f.Detail.H-1)...)
		lines = append(lines, widget.Fill(body, f.Detail.W, f.Detail.H)...)
		if v.focus == widget.RegionDetail {
			cursor = still(0, f.Detail.Y+1)
		}
	}
	return lines, cursor
}

// head counts the lines above the first row: the title, and the names of the columns where there is room.
func (v *podsScreen) head(m *Model, r widget.Rect) int {
	if v.headCells(m, r.W-3) != nil && r.H > 4 {
		return 2
	}
	return 1
}

func (m *Model) drawPodList(r widget.Rect) []string {
	v := m.pods
	title := "Pods · " + v.alertsLine(m)
	if l := &v.rowsOf; l.Filter() != "" {
		title = "Pods, filter " + l.Filter() + ": " + widget.Plural(l.Len(), "row")
	}
	if r.W >= 120 {
		if v.board.spark != "" {
			title += "  " + v.board.spark
		}
	}
	lines := []string{m.p.TitleLine(title, r.W, v.focus == widget.RegionList)}
	switch {
	case v.rowsOf.Len() > 0:
		if v.head(m, r) > 1 {
			lines = append(lines, m.p.Line(r.W, widget.LookPlain, append([]widget.Cell{{Width: 2}}, v.headCells(m, r.W-3)...)...))
		}
		v.rowsOf.Seek(v.rowsOf.Len(), r.H-len(lines))
		return append(lines, v.rowsOf.Draw(&v.rowsOf, r.W, r.H-len(lines), v.focus == widget.RegionList)...)
	case v.loading:
		return append(lines, m.p.In(widget.ToneDim, "…"))
	case v.rowsOf.Filter() != "":
		return append(lines, m.p.In(widget.ToneDim, widget.Fit("nothing fits the filter; esc clears it", r.W)))
	case v.came.IsZero():
		return append(lines, m.p.In(widget.ToneWarn, widget.Fit("the pods could not be listed; r tries again", r.W)))
	default:
		return append(lines, m.p.In(widget.ToneDim, widget.Fit("no pods here; A shows all namespaces", r.W)))
	}
}
