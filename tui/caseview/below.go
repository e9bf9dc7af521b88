package caseview

import (
	"context"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/shell"
)

// belowMsg brings the next lower layer that has a file at a path too, or had one.
type belowMsg struct {
	gen  int
	path string
	// layer: below 0: none has
	layer int
	err   error
}

// whyNoBelow is why there is nothing to look for in lower layers.
func whyNoBelow(s *Screen) string {
	r, ok := s.row()
	switch {
	case !ok || r.Path == "" || r.Layer < 0:
		return "no file whose layer is known is selected"
	case len(layersBelow(s.image(), r.Layer)) == 0:
		return "there is no layer below"
	default:
		return ""
	}
}

// runBelow goes from the selected file to what the next lower layer has at its path: a file that a layer has replaced
// is hidden in the merged tree, and still in the image. Whiteouts and lower layers are part of the image: a file that
// was deleted in a later step can still be pulled out of its layer. The search reads one listing after the other,
// newest first, and ends with the first hit.
func runBelow(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	image, ctx, gen, backend := s.image(), s.ctx, s.gen, s.backend
	lower := layersBelow(image, r.Layer)
	return shell.Work(func() tea.Msg {
		found, err := shell.Try(func() (int, error) { return findBelow(ctx, backend, image, lower, r.Path) })
		return belowMsg{gen: gen, path: r.Path, layer: found, err: err}
	})
}

// findBelow gives the first of some layers that has a path, -1 for none.
func findBelow(ctx context.Context, b Backend, i inspect.Image, layers []int, path string) (int, error) {
	for _, n := range layers {
		nodes, err := b.Tree(ctx, i, n)
		if err != nil {
			return -1, err
		}
		if contains(nodes, path) {
			return n, nil
		}
	}
	return -1, nil
}

// layersBelow are the numbers of the layers below one, newest first, whose files can be shown. Layers that were not
// read are left out, so that "no layer below has it" is only as certain as the list of layers is whole.
func layersBelow(i inspect.Image, layer int) []int {
	var lower []int
	for _, l := range slices.Backward(i.Layers) {
		if pane.Listed(l) && l.Number < layer {
			lower = append(lower, l.Number)
		}
	}
	return lower
}

// contains reports whether a layer itself has something other than a directory at a path. A directory is in almost
// every layer above it, and proves nothing about the file.
func contains(nodes []inspect.Node, path string) bool {
	return slices.ContainsFunc(nodes, func(n inspect.Node) bool {
		return n.Path == path && n.Change != inspect.Removed && n.Type != inspect.EntryDir
	})
}

// onBelow goes to the file that was found in a lower layer.
func onBelow(s *Screen, msg belowMsg) {
	switch {
	// of a case that was left
	case s.gen != msg.gen:
	case msg.err != nil:
		s.shell.Fail("searching the layers below", msg.err)
	case msg.layer < 0:
		s.shell.Info("no layer below has " + text.Clean(msg.path))
	default:
		s.shell.Info(fmt.Sprintf("%s in layer %d, shadowed by another layer", text.Clean(msg.path), msg.layer))
		jumpTo(s, s.container, msg.path, msg.layer)
	}
}
