package tui

import (
	tea "charm.land/bubbletea/v2"
)

// drawPods draws the body of the list.
func (m *Model) drawPods(f frame) ([]string, *tea.Cursor) {
	v := m.pods
	var lines []string
	var cursor *tea.Cursor
	if !f.list.empty() {
		lines = append(lines, fill(m.drawPodList(f.list), f.list.w, f.list.h)...)
		cursor = still(0, f.list.y+v.head(m, f.list)+v.rowsOf.at-v.rowsOf.top)
	}
	if !f.detail.empty() {
		d := newDocument(m.p, f.detail.w-1)
		if r, ok := v.rowsOf.selected(); ok {
			r = r.full()
			if v.about != r.id {
				v.about, v.scroll = r.id, 0
			}
			r.detail(d)
		}
		body := append([]string{m.p.titleLine("Detail", f.detail.w, v.focus == regionDetail)}, m.p.scrolled(d.lines, &v.scroll, f.detail.w, f.detail.h-1)...)
		lines = append(lines, fill(body, f.detail.w, f.detail.h)...)
		if v.focus == regionDetail {
			cursor = still(0, f.detail.y+1)
		}
	}
	return lines, cursor
}

// head counts the lines above the first row: the title, and the names of the columns where there is room.
func (v *podsScreen) head(m *Model, r rect) int {
	if v.headCells(m, r.w-3) != nil && r.h > 4 {
		return 2
	}
	return 1
}

func (m *Model) drawPodList(r rect) []string {
	v := m.pods
	title := "Pods · " + v.alertsLine(m)
	if l := &v.rowsOf; l.filter != "" {
		title = "Pods, filter " + l.filter + ": " + plural(l.Len(), "row")
	}
	if r.w >= 120 {
		if v.board.spark != "" {
			title += "  " + v.board.spark
		}
	}
	lines := []string{m.p.titleLine(title, r.w, v.focus == regionList)}
	switch {
	case v.rowsOf.Len() > 0:
		if v.head(m, r) > 1 {
			lines = append(lines, m.p.line(r.w, lookPlain, append([]cell{{width: 2}}, v.headCells(m, r.w-3)...)...))
		}
		v.rowsOf.seek(v.rowsOf.Len(), r.h-len(lines))
		return append(lines, v.rowsOf.draw(&v.rowsOf, r.w, r.h-len(lines), v.focus == regionList)...)
	case v.loading:
		return append(lines, m.p.in(toneDim, "…"))
	case v.rowsOf.filter != "":
		return append(lines, m.p.in(toneDim, fit("nothing fits the filter; esc clears it", r.w)))
	case v.came.IsZero():
		return append(lines, m.p.in(toneWarn, fit("the pods could not be listed; r tries again", r.w)))
	default:
		return append(lines, m.p.in(toneDim, fit("no pods here; A shows all namespaces", r.w)))
	}
}
