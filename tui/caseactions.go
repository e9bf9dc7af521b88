package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func runPane(m *Model, key string) tea.Cmd {
	m.open.from = nil
	m.showPane(pane(key[0] - '1'))
	return m.wantTree()
}

func runContainer(m *Model, key string) tea.Cmd {
	by := 1
	if key == "[" {
		by = -1
	}
	if v := m.viewer; v != nil {
		return m.readPart((v.at + by + len(v.parts)) % len(v.parts))
	}
	s := m.open
	names := s.subjects()
	for i, n := range names {
		if n == s.subject {
			s.subject, s.chosen = names[(i+by+len(names))%len(names)], true
			break
		}
	}
	s.tree = treeState{}
	m.changed()
	m.info("container " + s.subject)
	return m.wantTree()
}

func whyNoContainer(m *Model) string {
	switch {
	case m.viewer != nil && len(m.viewer.parts) < 2:
		return "there is one part only"
	case m.viewer == nil && len(m.open.c.Images) < 2:
		return "the case has one image only"
	default:
		return ""
	}
}

func whyNoKnownGood(m *Model) string {
	s := m.open
	switch {
	case m.o.KnownGood == nil:
		return "a saved case is compared as it was"
	case s.running > 0:
		return "the checks still run"
	case len(s.image().Candidates) == 0:
		return "no earlier image is known; --known-good names one"
	default:
		return ""
	}
}

func runMark(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	return m.note(inspect.Note{Subject: r.mark, Mark: nextMark(m.open.marks[r.mark])})
}

func whyNoMark(m *Model) string {
	r, ok := m.row()
	switch {
	case m.o.Note == nil:
		return "notes cannot be kept here"
	case !ok || r.mark == "":
		return "this row is nothing that can be marked"
	default:
		return ""
	}
}

func runNote(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	m.askNote(r)
	return nil
}

func whyNoNote(m *Model) string {
	if m.o.Note == nil {
		return "notes cannot be kept here"
	}
	return ""
}

func runDiff(m *Model, _ string) tea.Cmd {
	s := m.open
	if s.pane == paneLayers {
		t := s.tree.tree
		e, _ := s.treeNode()
		t.Reset(!t.Changed())
		s.tree.Window = widget.Window{}
		m.revealIfThere(e.Path)
		return nil
	}
	s.whole = !s.whole
	s.state().stale = true
	m.refresh()
	return nil
}

// revealIfThere goes to a path that may no longer be visible.
func (m *Model) revealIfThere(path string) {
	t := m.open.tree.tree
	if at, ok := t.Find(path); ok && t.Wanted(at) {
		m.revealPath(path)
	}
}

func whyNoDiff(m *Model) string {
	s := m.open
	switch {
	case s.pane == paneLayers && (s.tree.tree == nil || s.tree.matched):
		return "there is no file tree on screen"
	case s.pane == paneLayers:
		return ""
	case s.pane != panePackages:
		return "only Layers and Packages can show what differs"
	case s.image().Diff == nil || s.image().Diff.Packages == nil:
		return "there is nothing to compare with yet; K chooses a known-good"
	default:
		return ""
	}
}

func whyNoExport(m *Model) string {
	switch {
	case m.o.Export == nil:
		return "nothing can be exported here"
	case m.looking:
		return "an export runs"
	case !m.open.began:
		return "there is nothing to export yet"
	default:
		return ""
	}
}
