package caseview

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/shell"
)

// selectedLayer is that of the selected row.
func selectedLayer(s *Screen) (inspect.Layer, bool) {
	r, ok := s.row()
	if !ok {
		return inspect.Layer{}, false
	}
	l, ok := r.Object.(inspect.Layer)
	return l, ok && !l.Empty
}

// whyNoSkip is why the selected layer cannot be skipped.
func whyNoSkip(s *Screen) string {
	l, ok := selectedLayer(s)
	switch why := s.readOnly(); {
	case why != "":
		return why
	case !ok:
		return "select a layer that is being read, on Layers"
	case pane.Skipped(l):
		return "this layer is skipped already; r reads it"
	case !pane.Running(l):
		return "this layer has been read"
	case l.Digest == "":
		return "this layer has no digest"
	default:
		return ""
	}
}

// runSkip skips the selected layer while it is read; the case goes on without it. The layer is named by its digest:
// numbers are those of one image, and two images may share the layer.
func runSkip(s *Screen, _ string) tea.Cmd {
	l, _ := selectedLayer(s)
	backend := s.backend
	s.shell.Info(fmt.Sprintf("layer %d is skipped; r reads it later", l.Number))
	return shell.Work(func() tea.Msg {
		backend.SkipLayer(l.Digest, true)
		return nil
	})
}

// unskip takes back that layers are skipped: the selected one, else all of the images that are read again.
func unskip(s *Screen, keys []inspect.Key) {
	if l, ok := selectedLayer(s); ok && pane.Skipped(l) {
		s.backend.SkipLayer(l.Digest, false)
		return
	}
	for _, i := range s.c.Images {
		for _, k := range keys {
			if k == pane.LayersKey(imageContainer(i)) {
				unskipAll(s, i)
			}
		}
	}
}

// unskipAll takes back that layers of an image are skipped.
func unskipAll(s *Screen, i inspect.Image) {
	for _, l := range i.Layers {
		if pane.Skipped(l) {
			s.backend.SkipLayer(l.Digest, false)
		}
	}
}
