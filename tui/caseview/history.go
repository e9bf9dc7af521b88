package caseview

import (
	"cmp"
	"slices"

	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// place is where a person was: a pane of a container, and what was selected there.
type place struct {
	pane pane.Kind
	// container: whose image was on screen
	container string
	// focus: of the pane, then
	focus widget.Region
	// selected: key of the row
	selected string
	// jump: a row led on from here, so that esc leads back at once, whatever has the focus there
	jump bool
}

// Place is where a person was in a case when they left it. The zero value is the beginning.
type Place struct {
	pane      pane.Kind
	container string
	// selected: key of the row
	selected string
}

// PlaceOf is where the person is now, for when the case is opened again.
func PlaceOf(s *Screen) Place {
	p := Place{pane: s.pane, selected: s.state().list.SelectedKey()}
	if s.chosen {
		p.container = s.container
	}
	return p
}

// Shown is the pane on screen, and whether the checks have ended.
func Shown(s *Screen) (k pane.Kind, settled bool) { return s.pane, s.began && s.running == 0 }

// NounOf is what the selected row is about, as one would look for it elsewhere: a package by its name, a file by its
// path, anything else by its value. It is empty where nothing is selected.
func NounOf(s *Screen) string {
	r, ok := s.row()
	if !ok {
		return ""
	}
	return cmp.Or(r.Package, r.Path, r.Value)
}

// here is the place on screen.
func (s *Screen) here() place {
	st := s.state()
	return place{pane: s.pane, container: s.container, focus: st.focus, selected: st.list.SelectedKey()}
}

// visit goes to another pane. Going to one that was left before goes back to it, so that the way back is never longer
// than there are panes.
func (s *Screen) visit(k pane.Kind) {
	if k == s.pane {
		return
	}
	if at := slices.IndexFunc(s.from, func(p place) bool { return p.pane == k }); at >= 0 {
		s.from = s.from[:at]
	} else {
		s.from = append(s.from, s.here())
	}
	s.showPane(k)
}

// jumped reports whether a row of another place led here.
func (s *Screen) jumped() bool { return len(s.from) > 0 && s.from[len(s.from)-1].jump }

// goBack goes to the place before, with its container, its focus and its row; without one nothing changes. A row that
// is gone by now is not selected again; the cursor stays where that pane had it.
func (s *Screen) goBack() {
	if len(s.from) == 0 {
		return
	}
	last := s.from[len(s.from)-1]
	s.from = s.from[:len(s.from)-1]
	if last.container != s.container && last.container != "" {
		s.container = last.container
		s.tree.Drop()
		s.changed()
	}
	s.showPane(last.pane)
	st := s.state()
	st.focus = last.focus
	if last.selected != "" {
		st.list.Choose(last.selected)
	}
}
