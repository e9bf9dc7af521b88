package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func runBack(m *Model, _ string) tea.Cmd {
	switch {
	case len(m.errors) > 0:
		m.errors = m.errors[1:]
	case m.viewer != nil:
		m.closeViewer()
	case m.open != nil && m.open.backFilter(m):
	case m.open != nil && len(m.open.from) > 0:
		m.backFromJump()
	case m.open != nil && m.open.state().focus != widget.RegionList:
		m.open.state().focus = widget.RegionList
	case m.open != nil && m.pods != nil:
		m.closeCase()
	case m.open == nil && m.pods != nil && m.pods.rowsOf.Filter() != "":
		m.pods.rowsOf.SetFilter("")
	case m.pods != nil && m.pods.focus != widget.RegionList:
		m.pods.focus = widget.RegionList
	}
	return nil
}

func whyNoBack(m *Model) string {
	switch {
	case len(m.errors) > 0, m.viewer != nil:
		return ""
	case m.open != nil:
		s := m.open
		if m.pods != nil || len(s.from) > 0 || s.state().focus != widget.RegionList || s.state().list.Filter() != "" || s.tree.filter != "" {
			return ""
		}
		return "nothing to go back to; q quits"
	case m.pods != nil && (m.pods.rowsOf.Filter() != "" || m.pods.focus != widget.RegionList):
		return ""
	default:
		return "nothing to go back to; q quits"
	}
}

// backFromJump returns to the pane from which a row led to its file.
func (m *Model) backFromJump() {
	s := m.open
	last := len(s.from) - 1
	to := s.from[last]
	s.from = s.from[:last]
	m.showPane(to)
}

// backFilter clears the filter of the region that has the focus, if there is one.
func (s *caseScreen) backFilter(m *Model) bool {
	st := s.state()
	switch {
	case s.pane == paneLayers && s.tree.filter != "":
		path := ""
		if e, ok := s.treeNode(); ok {
			path = e.Path
		}
		s.tree.filter, s.tree.matched = "", false
		if path != "" {
			m.revealPath(path)
		}
		return true
	case st.list.Filter() != "":
		st.list.SetFilter("")
		return true
	}
	return false
}

func runOpen(m *Model, _ string) tea.Cmd {
	if m.viewer != nil {
		return m.move(1)
	}
	r, _ := m.row()
	if m.open != nil {
		return m.openRow(r)
	}
	if r.open != nil {
		r.open()
		return nil
	}
	pod, _ := r.object.(inspect.FlaggedPod)
	return m.openCase(pod, func(ctx context.Context) (inspect.Source, error) { return m.o.Open(ctx, pod) })
}

// openRow goes where a row of a case points: a directory, a file's bytes, the file in its layer, or the detail.
func (m *Model) openRow(r row) tea.Cmd {
	s := m.open
	if s.pane == paneLayers && s.state().focus == widget.RegionDetail {
		if t := s.tree.tree; t != nil && !s.tree.matched && (t.Open(s.tree.At) || t.Close(s.tree.At)) {
			return nil
		}
		e, _ := s.treeNode()
		parts, why := s.filePart(e)
		if why != "" {
			m.info("open: " + why)
			return nil
		}
		return m.view(parts)
	}
	if r.path != "" && m.o.Tree != nil {
		return m.jump(r.subject, r.path, r.layer)
	}
	s.state().focus = widget.RegionDetail
	return m.wantTree()
}

func whyNoOpen(m *Model) string {
	if m.viewer != nil {
		return ""
	}
	r, ok := m.row()
	switch {
	case !ok:
		return "nothing is selected"
	case m.open == nil && r.open == nil && m.o.Open == nil:
		return "no case can be opened here"
	default:
		return ""
	}
}
