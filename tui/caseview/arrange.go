package caseview

import (
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// footRows are the lines below the file tree.
const footRows = 12

// shape is the layout of the pane on screen. While checks run the list takes its full share and the headline
// at least headlineRows, so that nothing jumps when rows come in. Once they have ended, a short list leaves its room
// to the detail.
func (s *Screen) shape() widget.Shape {
	st := s.state()
	shape := widget.Shape{Tabs: true, Share: s.pane.Spec().Share, Focus: st.focus, Zoom: s.zoom}
	// rows may still come: the list keeps its share
	if s.running == 0 {
		shape.Rows = st.list.Size() + 1
	}
	if s.pane != pane.Overview {
		shape.Top = len(s.pane.Top(s.view(s.pane), s.shell.Width))
	} else {
		shape.Top = len(drawHeadline(s.shell.Paint, s.lead, s.shell.Width, false))
		shape.Lead = true
		if s.running > 0 {
			shape.Top = max(shape.Top, headlineRows)
		}
	}
	if s.pane == pane.Layers {
		shape.Foot = footRows
	}
	return shape
}

// Arrange places the regions, scrolls so that what is selected is in sight, and writes what is read beside it. It
// runs after each message and before each frame, and is all that scrolls: Draw only reads.
func (s *Screen) Arrange() {
	s.places = widget.Place(s.shell.Width, s.shell.Height, s.shape())
	st := s.state()
	st.list.Seek(st.list.Len(), s.places.List.H-1)
	arrangeTop(s)
	if s.pane == pane.Layers {
		s.tree.Seek(s.tree.Len(), s.places.Detail.H-1)
		s.foot = widget.Page{Lines: s.write(s.places.Foot, func(d *widget.Document) { writeFoot(s, d) })}
		return
	}
	if selected, ok := st.list.Selected(); ok {
		if st.about != selected.ID {
			st.about, st.detail.Top = selected.ID, 0
		}
		st.detail.Lines = s.write(s.places.Detail, selected.Detail)
	} else {
		st.detail.Lines = nil
	}
	st.detail.Fit(s.places.Detail.H - 1)
}

// write makes the lines of a document for a region. One column is left free, since some terminals wrap a line that
// ends in the last one.
func (s *Screen) write(at widget.Rect, detail func(d *widget.Document)) []string {
	if at.Empty() {
		return nil
	}
	d := widget.NewDocument(s.shell.Paint, at.W-1)
	detail(d)
	return d.Lines
}

// footDetail writes what is known of the selected file, or of the layer while the layers have the focus.
func writeFoot(s *Screen, d *widget.Document) {
	if selected, ok := s.state().list.Selected(); ok && !s.inTree() {
		selected.Detail(d)
		return
	}
	fileDetail(s, d)
}

// arrangeTop wraps what stands above the list to the width. The headline scrolls where the screen is too low for it.
// What stands above other panes is never higher than its rows, and does not scroll.
func arrangeTop(s *Screen) {
	at := s.places.Top
	if s.pane != pane.Overview {
		s.top = widget.Page{Lines: s.pane.Top(s.view(s.pane), at.W)}
		return
	}
	focused := s.state().focus == widget.RegionTop
	if focused { // it is read whole, and scrolls
		s.top.Lines = drawHeadline(s.shell.Paint, s.lead, at.W, focused)
	} else {
		s.top.Lines, s.top.Top = fitHeadline(s.shell.Paint, s.lead, at.W, at.H), 0
	}
	s.top.Fit(at.H)
}
