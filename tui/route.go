package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// here is the scope of the screen on show.
func (m *Model) here() scope {
	switch {
	case m.viewer != nil:
		return inViewer
	case m.open != nil:
		return inCase
	default:
		return inPods
	}
}

// key routes a key: ctrl+c, then the dialog, then the filter, then the table.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	switch {
	case key == "ctrl+c", key == "ctrl+alt+c": // esc and ctrl+c without a gap arrive as one key
		return tea.Quit
	case m.dialog != nil && key == "esc":
		if e, ok := m.dialog.(*exporter); ok && e.started && !e.ended {
			e.cancel()
			return nil
		}
		m.dialog = nil
		return nil
	case m.dialog != nil:
		return m.dialog.update(m, msg)
	case m.filtering:
		return m.typeFilter(msg)
	}
	for _, c := range commands() {
		if c.on&m.here() == 0 || !hasKey(c, key) {
			continue
		}
		return m.run(c, key)
	}
	return nil
}

func hasKey(c command, key string) bool {
	for _, k := range c.keys {
		if k == key {
			return true
		}
	}
	return false
}

// run does a command, or says why not.
func (m *Model) run(c command, key string) tea.Cmd {
	if c.why != nil {
		if reason := c.why(m); reason != "" {
			m.info(strings.TrimSpace(c.show+" "+c.name) + ": " + reason)
			return nil
		}
	}
	m.notice = inspect.Notice{}
	return c.run(m, key)
}

// row gives the row that a command is about.
func (m *Model) row() (row, bool) {
	switch {
	case m.open != nil && m.open.pane == paneLayers && m.open.state().focus == widget.RegionDetail:
		return m.open.treeRow()
	case m.open != nil:
		return m.open.state().list.Selected()
	case m.pods != nil:
		r, ok := m.pods.rowsOf.Selected()
		if ok {
			r = r.full()
		}
		return r, ok
	default:
		return row{}, false
	}
}

// treeRow is the selected file as a row.
func (s *caseScreen) treeRow() (row, bool) {
	e, ok := s.treeNode()
	if !ok {
		return row{}, false
	}
	return row{id: e.Path, value: e.Path, subject: s.subject, mark: e.Path, path: e.Path, layer: e.Layer, object: e}, true
}
