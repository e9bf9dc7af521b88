package caseview

import (
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/widget"
)

// groupOpen reports whether the findings of a group are rows: it was opened, or a filter looks for one of them.
func (s *Screen) groupOpen(group string) bool {
	return s.opened[group] || s.panes[pane.Overview].list.Filter() != ""
}

// selectedGroup is the group of findings of the selected row, empty for none.
func selectedGroup(s *Screen) (id string, heads bool) {
	if s.pane != pane.Overview || s.state().focus != widget.RegionList {
		return "", false
	}
	r, ok := s.state().list.Selected()
	if !ok {
		return "", false
	}
	return r.Group, r.Heads
}

// setGroup opens or closes a group, and selects the row that heads it where the selected one goes away. From then on
// the selection stays on its row, also where a worse one comes in above it.
func setGroup(s *Screen, group string, open bool) {
	s.opened[group] = open
	if !open {
		s.state().list.Choose("group:" + group)
	}
	s.state().list.Stay()
	s.state().stale = true
	s.refresh()
}
