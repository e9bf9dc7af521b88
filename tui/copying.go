package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func runBrief(m *Model, _ string) tea.Cmd {
	m.info("copied the brief")
	return tea.SetClipboard(m.briefText())
}

func runRaw(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	return m.view(partsOf(r))
}

func whyNoRaw(m *Model) string {
	r, ok := m.row()
	if !ok || len(r.raw) == 0 && r.object == nil {
		return "there is nothing behind this row"
	}
	return ""
}

// savable gives the bytes that s would save.
func (m *Model) savable() (part, string) {
	if v := m.viewer; v != nil {
		return v.parts[v.at], ""
	}
	r, ok := m.row()
	s := m.open
	if ok && s.pane == paneLayers && s.state().focus == widget.RegionDetail {
		e, _ := s.treeNode()
		parts, why := s.filePart(e)
		if why != "" {
			return part{}, why
		}
		return parts[0], ""
	}
	if parts := partsOf(r); ok && len(parts) > 0 {
		return parts[0], ""
	}
	return part{}, "there is nothing behind this row"
}

func runSave(m *Model, _ string) tea.Cmd {
	p, _ := m.savable()
	m.askSave(p)
	return nil
}

func whyNoSave(m *Model) string {
	if m.o.Save == nil {
		return "nothing can be saved here"
	}
	_, why := m.savable()
	return why
}

func runCopy(m *Model, _ string) tea.Cmd {
	value := ""
	if v := m.viewer; v != nil {
		value = v.text(v.Window.At)
	} else {
		r, _ := m.row()
		value = r.value
	}
	m.info("copied: " + inspect.Clean(value))
	return tea.SetClipboard(value)
}

func whyNoCopy(m *Model) string {
	if v := m.viewer; v != nil {
		if v.Len() == 0 {
			return "there is nothing on screen"
		}
		return ""
	}
	if r, ok := m.row(); !ok || r.value == "" {
		return "this row has no value"
	}
	return ""
}

func runCommand(m *Model, _ string) tea.Cmd {
	text := ""
	if m.open != nil {
		r, _ := m.row()
		text = m.o.Command(&m.open.c, r.subject)
	} else {
		r, _ := m.row()
		pod, _ := r.object.(inspect.FlaggedPod)
		text = "backtrail inspect " + inspect.Quote("pod/"+pod.Name) + " -n " + inspect.Quote(pod.Namespace)
	}
	m.info("copied: " + inspect.Clean(text))
	return tea.SetClipboard(text)
}

func whyNoCommand(m *Model) string {
	if m.open != nil {
		if m.o.Command == nil {
			return "no command shows the same"
		}
		return ""
	}
	r, _ := m.row()
	if pod, ok := r.object.(inspect.FlaggedPod); !ok || pod.Name == "" {
		return "no pod is selected"
	}
	return ""
}
