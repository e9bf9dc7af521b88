package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
)

// drawCase draws the body of a case.
func (m *Model) drawCase(f widget.Places) ([]string, *tea.Cursor) {
	s := m.open
	st := s.state()
	var lines []string
	var cursor *tea.Cursor
	if !f.Top.Empty() {
		lines = append(lines, widget.Fill(m.drawBrief(f.Top), f.Top.W, f.Top.H)...)
		if st.focus == widget.RegionTop {
			cursor = still(0, f.Top.Y+1)
		}
	}
	list, detail := []string{}, []string{}
	if !f.List.Empty() {
		list = widget.Fill(m.drawList(f.List), f.List.W, f.List.H)
		if st.focus == widget.RegionList {
			cursor = still(f.List.X, f.List.Y+1+st.list.At-st.list.Top)
		}
	}
	if !f.Detail.Empty() {
		detail = widget.Fill(m.drawDetail(f.Detail), f.Detail.W, f.Detail.H)
		if st.focus == widget.RegionDetail {
			cursor = still(f.Detail.X, f.Detail.Y+1)
			if s.pane == paneLayers {
				cursor = still(f.Detail.X, f.Detail.Y+1+s.tree.At-s.tree.Top)
			}
		}
	}
	if !f.Foot.Empty() {
		detail = append(detail, widget.Fill(m.drawFoot(f.Foot), f.Foot.W, f.Foot.H)...)
	}
	if f.List.Y == f.Detail.Y && !f.List.Empty() && !f.Detail.Empty() {
		return append(lines, widget.Beside(list, detail, m.p.In(widget.ToneDim, " │ "))...), cursor
	}
	return append(append(lines, list...), detail...), cursor
}

func (m *Model) drawBrief(r widget.Rect) []string {
	st := m.open.state()
	lines := make([]string, len(m.open.brief))
	for i, l := range m.open.brief {
		lines[i] = m.p.In(briefTone(l), widget.Fit(l, r.W))
	}
	top := &st.top
	if st.focus != widget.RegionTop {
		start := answersFrom(m.open.brief, r.H-1)
		top = &start
	}
	return append([]string{m.p.TitleLine("Brief", r.W, st.focus == widget.RegionTop)}, scrolled(m.p, lines, top, r.W, r.H-1)...)
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
func briefTone(line string) widget.Tone {
	switch {
	case strings.Contains(line, "✗") || strings.Contains(line, "FAIL"):
		return widget.ToneBad
	case strings.HasPrefix(line, "NOT"):
		return widget.ToneWarn
	default:
		return widget.TonePlain
	}
}

func (m *Model) drawList(r widget.Rect) []string {
	s := m.open
	st := s.state()
	lines := []string{m.p.TitleLine(s.listTitle(), r.W, st.focus == widget.RegionList)}
	if st.list.Size() == 0 {
		d := widget.NewDocument(m.p, r.W-2)
		status, why := s.nothing(s.pane)
		d.Outcome(signOf(status), why, "")
		return append(lines, d.Lines...)
	}
	if st.list.Len() == 0 {
		return append(lines, m.p.In(widget.ToneDim, widget.Fit("nothing fits the filter; esc clears it", r.W)))
	}
	st.list.Seek(st.list.Len(), r.H-1)
	return append(lines, st.list.Draw(&st.list, r.W, r.H-1, st.focus == widget.RegionList)...)
}

func (m *Model) drawDetail(r widget.Rect) []string {
	s := m.open
	st := s.state()
	focused := st.focus == widget.RegionDetail
	if s.pane == paneLayers {
		return m.drawTree(r, focused)
	}
	lines := []string{m.p.TitleLine("Detail", r.W, focused)}
	selected, ok := st.list.Selected()
	if !ok {
		return lines
	}
	if st.about != selected.id {
		st.about, st.scroll = selected.id, 0
	}
	d := widget.NewDocument(m.p, r.W-1)
	selected.detail(d)
	return append(lines, scrolled(m.p, d.Lines, &st.scroll, r.W, r.H-1)...)
}

// drawTree draws the files of the selected layer.
func (m *Model) drawTree(r widget.Rect, focused bool) []string {
	s := m.open
	t := &s.tree
	title := "Files as they run"
	selected, ok := s.state().list.Selected()
	if ok && selected.id != "merged" {
		title = "Files of layer " + strings.TrimPrefix(layerText(selected.layer), "L")
	} else if lost := s.unlisted(); lost != "" {
		title += ", " + lost
	}
	rows := treeRows{m, s}
	d := widget.NewDocument(m.p, r.W-2)
	switch {
	case ok && selected.id != "merged" && selected.layer < 0:
		title = "A step without files"
		selected.detail(d)
	case m.o.Tree == nil:
		d.Outcome(widget.SignOpen, "file trees cannot be read here", "")
	case !t.asked:
		s.whyNoTree(d, selected)
	case t.err != nil:
		d.Outcome(widget.SignOpen, "could not be read", t.err.Error())
	case t.tree == nil:
		d.Say(widget.ToneDim, "…")
	case rows.Len() == 0:
		d.Say(widget.ToneDim, "no files here")
	default:
		if t.matched {
			title += ", filter " + t.filter
		} else if t.tree.Changed() {
			title += ", changed only"
		}
		t.Seek(rows.Len(), r.H-1)
		return append([]string{m.p.TitleLine(title, r.W, focused)}, t.Draw(rows, r.W, r.H-1, focused)...)
	}
	return append([]string{m.p.TitleLine(title, r.W, focused)}, d.Lines...)
}

// drawFoot draws what is known of the selected file, or of the layer while the layers have the focus.
func (m *Model) drawFoot(r widget.Rect) []string {
	s := m.open
	d := widget.NewDocument(m.p, r.W-1)
	title := "File"
	if selected, ok := s.state().list.Selected(); ok && s.state().focus != widget.RegionDetail {
		title = "Layer"
		if selected.id == "merged" {
			title = "Image"
		}
		selected.detail(d)
	} else {
		m.fileDetail(d)
	}
	top := 0
	return append([]string{m.p.TitleLine(title, r.W, false)}, scrolled(m.p, d.Lines, &top, r.W, r.H-1)...)
}
