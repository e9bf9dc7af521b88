package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// belowMsg brings the layer below that has a file at a path too, or had one.
type belowMsg struct {
	gen   int
	path  string
	layer int // below 0: none has
	err   error
}

// runBelow goes from the selected file to what the next lower layer has at its path: what a layer replaced is hidden in the
// merged tree, and still in the image.
func runBelow(m *Model, _ string) tea.Cmd {
	r, _ := m.row()
	s := m.open
	image, ctx, gen, tree := s.image(), s.ctx, s.gen, m.o.Tree
	lower := layersBelow(image, r.layer)
	return work(func() tea.Msg {
		found, err := try(func() (int, error) {
			for _, n := range lower {
				nodes, err := tree(ctx, image, n)
				if err != nil {
					return -1, err
				}
				if holds(nodes, r.path) {
					return n, nil
				}
			}
			return -1, nil
		})
		return belowMsg{gen: gen, path: r.path, layer: found, err: err}
	})
}

// layersBelow are the numbers of the layers below one, newest first, that can be looked at.
func layersBelow(i inspect.Image, layer int) []int {
	var lower []int
	for _, l := range slices.Backward(i.Layers) {
		if !l.Empty && listed(l) && l.Number < layer {
			lower = append(lower, l.Number)
		}
	}
	return lower
}

// holds says that a layer itself has something other than a directory at a path.
func holds(nodes []inspect.Node, path string) bool {
	return slices.ContainsFunc(nodes, func(n inspect.Node) bool {
		return n.Path == path && n.Change != inspect.Removed && n.Type != inspect.EntryDir
	})
}

func whyNoBelow(m *Model) string {
	r, ok := m.row()
	switch {
	case m.o.Tree == nil:
		return "file trees cannot be read here"
	case !ok || r.path == "" || r.layer < 0:
		return "no file whose layer is known is selected"
	case len(layersBelow(m.open.image(), r.layer)) == 0:
		return "there is no layer below"
	default:
		return ""
	}
}

func (m *Model) belowCame(msg belowMsg) tea.Cmd {
	s := m.open
	switch {
	case s == nil || s.gen != msg.gen:
		return nil
	case msg.err != nil:
		m.fail("looking into the layers below", msg.err)
		return nil
	case msg.layer < 0:
		m.info("no layer below has " + inspect.Clean(msg.path))
		return nil
	}
	m.info(fmt.Sprintf("%s in layer %d, which another layer hides", inspect.Clean(msg.path), msg.layer))
	return m.jump(s.subject, msg.path, msg.layer)
}
