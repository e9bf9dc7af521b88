package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// drawCase draws the body of a case.
func (m *Model) drawCase(f frame) ([]string, *tea.Cursor) {
	s := m.open
	st := s.state()
	var lines []string
	var cursor *tea.Cursor
	if !f.top.empty() {
		lines = append(lines, fill(m.drawBrief(f.top), f.top.w, f.top.h)...)
		if st.focus == regionTop {
			cursor = still(0, f.top.y+1)
		}
	}
	list, detail := []string{}, []string{}
	if !f.list.empty() {
		list = fill(m.drawList(f.list), f.list.w, f.list.h)
		if st.focus == regionList {
			cursor = still(f.list.x, f.list.y+1+st.list.at-st.list.top)
		}
	}
	if !f.detail.empty() {
		detail = fill(m.drawDetail(f.detail), f.detail.w, f.detail.h)
		if st.focus == regionDetail {
			cursor = still(f.detail.x, f.detail.y+1)
			if s.pane == paneLayers {
				cursor = still(f.detail.x, f.detail.y+1+s.tree.at-s.tree.top)
			}
		}
	}
	if !f.foot.empty() {
		detail = append(detail, fill(m.drawFoot(f.foot), f.foot.w, f.foot.h)...)
	}
	if f.list.y == f.detail.y && !f.list.empty() && !f.detail.empty() {
		return append(lines, beside(list, detail, m.p.in(toneDim, " │ "))...), cursor
	}
	return append(append(lines, list...), detail...), cursor
}

func (m *Model) drawBrief(r rect) []string {
	st := m.open.state()
	lines := make([]string, len(m.open.brief))
	for i, l := range m.open.brief {
		lines[i] = m.p.in(briefTone(l), fit(l, r.w))
	}
	top := &st.top
	if st.focus != regionTop {
		start := answersFrom(m.open.brief, r.h-1)
		top = &start
	}
	return append([]string{m.p.titleLine("Brief", r.w, st.focus == regionTop)}, m.p.scrolled(lines, top, r.w, r.h-1)...)
}

// lastAnswer begins the line of the last of the three answers in a brief.
const lastAnswer = "missed"

// answersFrom is the line at which a brief that does not fit begins, so that all three answers are seen: what stands above
// them is in the header too. With the focus on it the brief begins at its first line.
func answersFrom(brief []string, height int) int {
	last := slices.IndexFunc(brief, func(l string) bool { return strings.HasPrefix(l, lastAnswer) })
	if last < 0 || len(brief) <= height {
		return 0
	}
	for last+1 < len(brief) && strings.HasPrefix(brief[last+1], " ") {
		last++
	}
	return max(0, last+2-height) // the last line says that there is more
}

// briefTone gives a line of the brief the colour of its sign, if it has one.
func briefTone(line string) tone {
	switch {
	case strings.Contains(line, "✗") || strings.Contains(line, "FAIL"):
		return toneBad
	case strings.HasPrefix(line, "NOT"):
		return toneWarn
	default:
		return tonePlain
	}
}

func (m *Model) drawList(r rect) []string {
	s := m.open
	st := s.state()
	lines := []string{m.p.titleLine(s.listTitle(), r.w, st.focus == regionList)}
	if st.list.size() == 0 {
		d := newDocument(m.p, r.w-2)
		status, why := s.nothing(s.pane)
		d.status(signOf(status), why, "")
		return append(lines, d.lines...)
	}
	if st.list.Len() == 0 {
		return append(lines, m.p.in(toneDim, fit("nothing fits the filter; esc clears it", r.w)))
	}
	st.list.seek(st.list.Len(), r.h-1)
	return append(lines, st.list.draw(&st.list, r.w, r.h-1, st.focus == regionList)...)
}

func (m *Model) drawDetail(r rect) []string {
	s := m.open
	st := s.state()
	focused := st.focus == regionDetail
	if s.pane == paneLayers {
		return m.drawTree(r, focused)
	}
	lines := []string{m.p.titleLine("Detail", r.w, focused)}
	selected, ok := st.list.selected()
	if !ok {
		return lines
	}
	if st.about != selected.id {
		st.about, st.scroll = selected.id, 0
	}
	d := newDocument(m.p, r.w-1)
	selected.detail(d)
	return append(lines, m.p.scrolled(d.lines, &st.scroll, r.w, r.h-1)...)
}

// drawTree draws the files of the selected layer.
func (m *Model) drawTree(r rect, focused bool) []string {
	s := m.open
	t := &s.tree
	title := "Files as they run"
	selected, ok := s.state().list.selected()
	if ok && selected.id != "merged" {
		title = "Files of layer " + strings.TrimPrefix(layerText(selected.layer), "L")
	} else if lost := s.unlisted(); lost != "" {
		title += ", " + lost
	}
	rows := treeRows{m, s}
	d := newDocument(m.p, r.w-2)
	switch {
	case ok && selected.id != "merged" && selected.layer < 0:
		title = "A step without files"
		selected.detail(d)
	case m.o.Tree == nil:
		d.status(signOpen, "file trees cannot be read here", "")
	case !t.asked:
		s.whyNoTree(d, selected)
	case t.err != nil:
		d.status(signOpen, "could not be read", t.err.Error())
	case t.tree == nil:
		d.say(toneDim, "…")
	case rows.Len() == 0:
		d.say(toneDim, "no files here")
	default:
		if t.matched {
			title += ", filter " + t.filter
		} else if t.tree.Changed() {
			title += ", changed only"
		}
		t.seek(rows.Len(), r.h-1)
		return append([]string{m.p.titleLine(title, r.w, focused)}, t.draw(rows, r.w, r.h-1, focused)...)
	}
	return append([]string{m.p.titleLine(title, r.w, focused)}, d.lines...)
}

// drawFoot draws what is known of the selected file, or of the layer while the layers have the focus.
func (m *Model) drawFoot(r rect) []string {
	s := m.open
	d := newDocument(m.p, r.w-1)
	title := "File"
	if selected, ok := s.state().list.selected(); ok && s.state().focus != regionDetail {
		title = "Layer"
		if selected.id == "merged" {
			title = "Image"
		}
		selected.detail(d)
	} else {
		m.fileDetail(d)
	}
	top := 0
	return append([]string{m.p.titleLine(title, r.w, false)}, m.p.scrolled(d.lines, &top, r.w, r.h-1)...)
}
