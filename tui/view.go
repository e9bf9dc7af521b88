package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/charmbracelet/x/ansi"
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
			s.rows = len(st.list.all) + 1
		}
		switch m.open.pane {
		case paneOverview:
			s.top = len(m.open.brief) + 1
			if m.open.running > 0 {
				s.top = max(s.top, briefRows) // it grows while the checks run: the rows below it stay where they are
			}
		case paneLayers:
			s.foot = 12
		}
	} else if m.pods != nil {
		s.focus = m.pods.focus
		if !m.pods.loading {
			s.rows = len(m.pods.rowsOf.all) + 2
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

// fill makes exactly height lines, each at most width wide.
func fill(lines []string, width, height int) []string {
	out := make([]string, 0, max(0, height))
	for i := range max(0, height) {
		if i < len(lines) {
			out = append(out, pad(lines[i], width))
			continue
		}
		out = append(out, blanks(width))
	}
	return out
}

// pad brings a drawn line to a width.
func pad(s string, width int) string {
	n := ansi.StringWidth(s)
	if n > width {
		return ansi.Truncate(s, width, "")
	}
	return s + blanks(width-n)
}

// beside puts two blocks next to each other with a rule between them.
func beside(left, right []string, rule string) []string {
	out := make([]string, len(left))
	for i := range left {
		out[i] = left[i] + rule + right[i]
	}
	return out
}

// titleLine names a region and fills the line with a rule.
func (p *paint) titleLine(s string, width int, focused bool) string {
	t, rule := toneTitle, "─"
	if focused {
		t, rule = toneFocus, "━" // colour alone does not show the focus everywhere
	}
	s = fit(inspect.Clean(s), min(width, ansi.StringWidth(inspect.Clean(s))))
	rest := width - ansi.StringWidth(s) - 1
	if rest <= 0 {
		return p.in(t, fit(s, width))
	}
	return p.in(t, s) + " " + p.in(toneDim, strings.Repeat(rule, rest))
}

// scrolled shows a part of a text that can be scrolled, and says that there is more.
func (p *paint) scrolled(lines []string, top *int, width, height int) []string {
	*top = min(max(0, *top), max(0, len(lines)-height))
	shown := lines[*top:min(len(lines), *top+height)]
	out := make([]string, len(shown))
	copy(out, shown)
	if rest := len(lines) - *top - height; rest > 0 && height > 1 {
		out[height-1] = p.in(toneDim, fit("… "+plural(rest+1, "more line"), width))
	}
	return out
}

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
	return append([]string{m.p.titleLine("Brief", r.w, st.focus == regionTop)}, m.p.scrolled(lines, &st.top, r.w, r.h-1)...)
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
	if len(st.list.all) == 0 {
		d := newDocument(m.p, r.w-2)
		status, why := s.nothing(s.pane)
		d.status(status, why, "")
		return append(lines, d.lines...)
	}
	if st.list.Len() == 0 {
		return append(lines, m.p.in(toneDim, fit("nothing fits the filter; esc clears it", r.w)))
	}
	return append(lines, st.list.render(&st.list, r.w, r.h-1, st.focus == regionList)...)
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
	}
	rows := treeRows{m, s}
	d := newDocument(m.p, r.w-2)
	switch {
	case ok && selected.id != "merged" && selected.layer < 0:
		title = "A step without files"
		selected.detail(d)
	case m.o.Tree == nil:
		d.status(inspect.Unknown, "file trees cannot be read here", "")
	case !t.asked:
		s.whyNoTree(d, selected)
	case t.err != nil:
		d.status(inspect.Unknown, "could not be read", t.err.Error())
	case t.tree == nil:
		d.say(toneDim, "…")
	case rows.Len() == 0:
		d.say(toneDim, "no files here")
	default:
		if t.matched {
			title += ", filter " + t.filter
		} else if t.tree.changed {
			title += ", changed only"
		}
		return append([]string{m.p.titleLine(title, r.w, focused)}, t.render(rows, r.w, r.h-1, focused)...)
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

// drawPods draws the body of the list.
func (m *Model) drawPods(f frame) ([]string, *tea.Cursor) {
	v := m.pods
	var lines []string
	var cursor *tea.Cursor
	if !f.list.empty() {
		lines = append(lines, fill(m.drawPodList(f.list), f.list.w, f.list.h)...)
		head := 1
		if v.headCells(m, f.list.w-3) != nil && f.list.h > 4 {
			head = 2
		}
		cursor = still(0, f.list.y+head+v.rowsOf.at-v.rowsOf.top)
	}
	if !f.detail.empty() {
		d := newDocument(m.p, f.detail.w-1)
		if r, ok := v.rowsOf.selected(); ok {
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

func (m *Model) drawPodList(r rect) []string {
	v := m.pods
	title := "Pods · " + v.alertsLine(m)
	if l := &v.rowsOf; l.filter != "" {
		title = "Pods, filter " + l.filter + ": " + plural(l.Len(), "row")
	}
	if r.w >= 120 {
		if s := v.spark(16); s != "" {
			title += "  " + s
		}
	}
	lines := []string{m.p.titleLine(title, r.w, v.focus == regionList)}
	switch {
	case v.rowsOf.Len() > 0:
		if cells := v.headCells(m, r.w-3); cells != nil && r.h > 4 {
			lines = append(lines, m.p.line(r.w, lookPlain, append([]cell{{width: 2}}, cells...)...))
		}
		return append(lines, v.rowsOf.render(&v.rowsOf, r.w, r.h-len(lines), v.focus == regionList)...)
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

// drawDialog puts the dialog's box over the screen.
func (m *Model) drawDialog(lines []string) *tea.Cursor {
	width := min(m.width-2, max(60, m.width*2/3))
	width = min(width, 100)
	height := m.height - 6
	if m.height < 2*oneHeight {
		height = m.height - 1
	}
	if m.width < oneWidth {
		width = m.width
	}
	inside, cursor := m.dialog.render(m, width-4, height-2)
	if len(inside) > height-2 {
		inside = inside[:height-2]
	}
	x := (m.width - width) / 2
	y := max(0, (m.height-len(inside)-2)/3)
	edge := m.p.in(toneFocus, "│")
	name := " " + m.dialog.title() + " "
	name = fit(inspect.Clean(name), min(width-4, ansi.StringWidth(inspect.Clean(name))))
	box := []string{m.p.in(toneFocus, "┌─"+name+strings.Repeat("─", max(0, width-3-ansi.StringWidth(name)))+"┐")}
	for _, l := range inside {
		box = append(box, edge+" "+pad(l, width-4)+" "+edge)
	}
	box = append(box, m.p.in(toneFocus, "└"+strings.Repeat("─", width-2)+"┘"))
	for i, l := range box {
		if at := y + i; at < len(lines)-1 {
			under := lines[at]
			lines[at] = ansi.Truncate(under, x, "") + l + ansi.TruncateLeft(under, x+width, "")
		}
	}
	if cursor != nil {
		cursor.X, cursor.Y = cursor.X+x+2, cursor.Y+y+1
	}
	return cursor
}
