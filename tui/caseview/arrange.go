package caseview

import (
	"slices"
	"strings"

	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

const (
	// lines of a full brief, its title counted
	briefRows = 15
	// lines below the file tree
	footRows = 12
)

// shape is the layout that the pane on screen wants.
func (s *Screen) shape() widget.Shape {
	st := s.state()
	shape := widget.Shape{Tabs: true, Share: s.pane.Spec().Share, Focus: st.focus}
	if s.running == 0 {
		shape.Rows = st.list.Size() + 1
	}
	if s.pane == pane.Overview {
		shape.Top = len(s.brief) + 1
		if s.running > 0 {
			// it grows while the checks run: the rows below it stay where they are
			shape.Top = max(shape.Top, briefRows)
		}
	}
	if s.pane == pane.Layers {
		shape.Foot = footRows
	}
	return shape
}

// Arrange places the regions, scrolls so that what is selected is in sight, and writes what is read beside it.
func (s *Screen) Arrange() {
	s.places = widget.Place(s.shell.Width, s.shell.Height, s.shape())
	st := s.state()
	st.list.Seek(st.list.Len(), s.places.List.H-1)
	arrangeBrief(s)
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

// write makes the lines of a document for a region.
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

// arrangeBrief makes the visible part of the brief. Its scroll is kept apart while another region has the
// focus, because the page then shows the answers instead.
func arrangeBrief(s *Screen) {
	at := s.places.Top
	lines := make([]string, len(s.brief))
	for i, l := range s.brief {
		lines[i] = s.shell.Paint.In(briefTone(l), widget.Fit(l, at.W))
	}
	s.top = widget.Page{Lines: lines, Top: s.briefTop}
	if s.state().focus != widget.RegionTop {
		s.top.Top = answersFrom(s.brief, at.H-1)
	}
	s.top.Fit(at.H - 1)
	if s.state().focus == widget.RegionTop {
		s.briefTop = s.top.Top
	}
}

// lastAnswer begins the line of the last of the three answers in a brief.
const lastAnswer = "missed"

// answersFrom is the line at which a brief that does not fit begins, so that all three answers are seen: what is above
// them is in the header too. With the focus on it the brief begins at its first line.
func answersFrom(brief []string, height int) int {
	isLast := func(l string) bool { return strings.HasPrefix(strings.ToLower(l), lastAnswer) }
	last := slices.IndexFunc(brief, isLast)
	if last < 0 || len(brief) <= height {
		return 0
	}
	for last+1 < len(brief) && strings.HasPrefix(brief[last+1], " ") {
		last++
	}
	// the last line counts those that follow
	return max(0, last+2-height)
}

// briefTone gives a line of the brief the color of its sign, if it has one.
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
