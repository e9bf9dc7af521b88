package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func runFileLayer(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	return m.jump(r.subject, r.path, r.layer)
}

func whyNoFileLayer(m *Model) string {
	if r, ok := m.row(); !ok || r.path == "" || r.layer < 0 {
		return "no file whose layer is known is selected"
	}
	return ""
}

// findingsOf are the rows of the overview that are about a path.
func (m *Model) findingsOf(path string) string {
	for _, r := range overviewRows(m, m.open) {
		if r.path == path && path != "" {
			return r.id
		}
	}
	return ""
}

func runFileFindings(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	id := m.findingsOf(r.path)
	m.open.from = nil
	m.showPane(paneOverview)
	st := m.open.state()
	st.list.SetFilter("")
	st.list.Choose(id)
	st.focus = widget.RegionList
	return nil
}

func whyNoFileFindings(m *Model) string {
	if r, ok := m.row(); !ok || m.findingsOf(r.path) == "" {
		return "nothing is said about the selected row's file"
	}
	return ""
}

// revealPath goes to a path in the tree, now or as soon as the tree is there.
func (m *Model) revealPath(path string) {
	s := m.open
	s.tree.reveal = path
	if s.tree.tree == nil {
		return
	}
	s.tree.reveal = ""
	s.tree.filter, s.tree.matched = "", false
	if row := s.tree.tree.Reveal(path); row >= 0 {
		s.tree.At = row
		return
	}
	m.info(inspect.Clean(path) + " is not in this tree")
}

// jump goes from a row to its file: the merged image's tree, or the layer's where the merged one no longer has it.
func (m *Model) jump(subject, path string, layer int) tea.Cmd {
	s := m.open
	if subject != "" && subject != s.subject {
		s.subject, s.chosen = subject, true
		m.changed()
	}
	if layer < 0 {
		layer = layerOf(s.image(), path)
	}
	if s.pane != paneLayers {
		s.from = append(s.from, s.pane)
	}
	m.showPane(paneLayers)
	st := s.state()
	st.list.SetFilter("")
	st.focus = widget.RegionDetail
	if layer < 0 || !st.list.ChooseFunc(func(r row) bool { return r.layer == layer && r.id != "merged" }) {
		st.list.Choose("merged")
	}
	cmd := m.wantTree()
	m.revealPath(path)
	return cmd
}

// layerOf is the layer of a file that something is said about, or -1.
func layerOf(i inspect.Image, path string) int {
	for _, b := range i.Binaries {
		if b.Path == path {
			return b.Layer
		}
	}
	for _, a := range i.Altered {
		if a.Path == path {
			return a.Layer
		}
	}
	return -1
}
