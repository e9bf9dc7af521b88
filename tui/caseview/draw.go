package caseview

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// Draw gives the screen below the header. The lines are as many as the terminal has rows below the header, without
// the two of the shell: status and keys.
func (s *Screen) Draw() ([]string, *tea.Cursor) {
	lines := []string{tabsLine(s, s.places.Tabs.W)}
	p, top, list, detail, foot := s.shell.Paint, s.places.Top, s.places.List, s.places.Detail, s.places.Foot
	if !top.Empty() {
		lines = append(lines, widget.Fill(s.top.Draw(p, top.W, top.H), top.W, top.H)...)
	}
	var left, right []string
	if !list.Empty() {
		left = widget.Fill(drawList(s, list), list.W, list.H)
	}
	if !detail.Empty() {
		right = widget.Fill(drawDetail(s, detail), detail.W, detail.H)
	}
	if !foot.Empty() {
		body := append([]string{p.TitleLine(footTitle(s), foot.W, false)}, s.foot.Draw(p, foot.W, foot.H-1)...)
		right = append(right, widget.Fill(body, foot.W, foot.H)...)
	}
	// side by side, with a rule between
	if list.Y == detail.Y && !list.Empty() && !detail.Empty() {
		return append(lines, widget.Beside(left, right, p.In(widget.ToneDim, " │ "))...), cursorOf(s)
	}
	return append(append(lines, left...), right...), cursorOf(s)
}

// cursorOf is where the terminal's cursor is: on the selected row, or at the begin of the region that has the focus.
// A screen reader follows the real cursor, which is why it stands on the row and not in a corner.
func cursorOf(s *Screen) *tea.Cursor {
	st := s.state()
	at := s.places.Body(st.focus)
	switch {
	case at.Empty():
		return nil
	case st.focus == widget.RegionTop:
		return shell.Cursor(at.X, at.Y)
	case st.focus == widget.RegionList:
		return shell.Cursor(at.X, at.Y+1+st.list.At-st.list.Top)
	case s.inTree():
		return shell.Cursor(at.X, at.Y+1+s.tree.At-s.tree.Top)
	default:
		return shell.Cursor(at.X, at.Y+1)
	}
}

// drawList draws the rows of the pane, or why there are none. An empty list is drawn as its reason, with the sign of
// an outcome: "nothing found" and "could not run" must not look alike.
func drawList(s *Screen, r widget.Rect) []string {
	st, p := s.state(), s.shell.Paint
	focused := st.focus == widget.RegionList
	lines := []string{p.TitleLine(listTitle(s), r.W, focused)}
	switch {
	case st.list.Size() == 0:
		d := widget.NewDocument(p, r.W-2)
		status, why := inspect.Unknown, ""
		if s.lost() {
			why = s.broken.Error()
		} else {
			status, why = s.view(s.pane).Why(s.pane, s.running > 0)
		}
		d.Outcome(label.Sign(status), why, "")
		return append(lines, d.Lines...)
	case st.list.Len() == 0:
		text := "no match among " + widget.Plural(st.list.Size(), "row") + "; esc clears the filter"
		return append(lines, p.In(widget.ToneDim, widget.Fit(text, r.W)))
	default:
		return append(lines, st.list.Draw(&st.list, r.W, r.H-1, focused)...)
	}
}

// drawDetail draws what is beside the list: the detail of the selected row, or the file tree.
func drawDetail(s *Screen, r widget.Rect) []string {
	st, p := s.state(), s.shell.Paint
	focused := st.focus == widget.RegionDetail
	if s.pane == pane.Layers {
		return drawTree(s, r, focused)
	}
	return append([]string{p.TitleLine("Detail", r.W, focused)}, st.detail.Draw(p, r.W, r.H-1)...)
}

// drawTree draws the files of the selected layer. A tree that is on its way is an ellipsis; nothing else stands for
// "not there yet".
func drawTree(s *Screen, r widget.Rect, focused bool) []string {
	p := s.shell.Paint
	selected, ok := s.state().list.Selected()
	title := treeTitle(s, selected, ok)
	if s.tree.Len() > 0 && s.tree.Ready() && !stepOnly(selected, ok) {
		return append([]string{p.TitleLine(title, r.W, focused)}, s.tree.Draw(&s.tree, r.W, r.H-1, focused)...)
	}
	d := widget.NewDocument(p, r.W-2)
	switch {
	case stepOnly(selected, ok):
		selected.Detail(d)
	case !s.tree.Asked():
		whyNoTree(s, d, selected)
	case s.tree.Err != nil:
		d.Outcome(widget.SignOpen, "could not be read", s.tree.Err.Error())
	case !s.tree.Ready():
		d.Say(widget.ToneDim, "…")
	default:
		d.Say(widget.ToneDim, "no files here")
	}
	return append([]string{p.TitleLine(title, r.W, focused)}, d.Lines...)
}

// stepOnly reports whether the selected row is a build step without a layer.
func stepOnly(selected pane.Row, ok bool) bool {
	return ok && selected.ID != pane.MergedID && selected.Layer < 0
}

// treeTitle names the tree and what of it is visible. Layers whose files are missing in the merged tree are named in
// the title: a tree without them looks complete.
func treeTitle(s *Screen, selected pane.Row, ok bool) string {
	title := "Merged filesystem"
	switch {
	case stepOnly(selected, ok):
		return "A step without files"
	case ok && selected.ID != pane.MergedID:
		title = "Files of layer " + strings.TrimPrefix(label.Layer(selected.Layer), "L")
	default:
		if missing := s.unlisted(); missing != "" {
			title += ", " + missing
		}
	}
	if s.tree.Len() == 0 {
		return title
	}
	if s.tree.Searching() {
		return title + ", filter " + s.tree.Filter()
	}
	if s.tree.Changed() {
		return title + ", changed only"
	}
	return title
}

// footTitle names what is below the tree.
func footTitle(s *Screen) string {
	selected, ok := s.state().list.Selected()
	switch {
	case !ok || s.inTree():
		return "File"
	case selected.ID == pane.MergedID:
		return "Image"
	default:
		return "Layer"
	}
}
