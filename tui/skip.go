package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// reasonSkipped is the reason of a layer that a person left out.
const reasonSkipped = "skipped"

// layerOfRow gives the layer of the selected row.
func (m *Model) layerOfRow() (inspect.Layer, bool) {
	r, ok := m.row()
	if !ok {
		return inspect.Layer{}, false
	}
	l, ok := r.object.(inspect.Layer)
	return l, ok && !l.Empty
}

// runSkip leaves out the selected layer while it comes; the case goes on without it.
func runSkip(m *Model, _ string) tea.Cmd {
	l, _ := m.layerOfRow()
	skip := m.o.Skip
	m.info(fmt.Sprintf("layer %d is left out; r reads it when there is time", l.Number))
	return work(func() tea.Msg {
		skip(l.Digest, true)
		return nil
	})
}

func whyNoSkip(m *Model) string {
	l, ok := m.layerOfRow()
	switch {
	case m.o.Skip == nil:
		return "a saved case reads no layers"
	case !ok:
		return "select a layer that is being read, on Layers"
	case l.Reason == reasonSkipped:
		return "this layer is left out already; r reads it"
	case l.Reason != inspect.Running:
		return "this layer has been read"
	case l.Digest == "":
		return "nothing names this layer by a digest"
	default:
		return ""
	}
}

// unreadLayers are the checks that read layers again: of images some of whose layers could not be looked at.
func unreadLayers(c *inspect.Case) []inspect.Key {
	var keys []inspect.Key
	for _, i := range c.Images {
		for _, l := range i.Layers {
			if unread(l) {
				keys = append(keys, layersKey(i.Container))
				break
			}
		}
	}
	return keys
}

func layersKey(subject string) inspect.Key { return inspect.Key{Check: "layers", Container: subject} }

// unread says that a layer could not be looked at, and is not being read.
func unread(l inspect.Layer) bool {
	return !l.Empty && l.Status == inspect.Unknown && l.Reason != inspect.Running
}

// wantLayers takes back that layers are left out: the selected one, else all of the images that are read again.
func (m *Model) wantLayers(keys []inspect.Key) {
	if m.o.Skip == nil {
		return
	}
	if l, ok := m.layerOfRow(); ok && l.Reason == reasonSkipped {
		m.o.Skip(l.Digest, false)
		return
	}
	for _, k := range keys {
		i, ok := m.open.c.Image(k.Container)
		if !ok || k != layersKey(k.Container) {
			continue
		}
		for _, l := range i.Layers {
			if l.Reason == reasonSkipped {
				m.o.Skip(l.Digest, false)
			}
		}
	}
}
