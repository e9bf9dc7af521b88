package caseview

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/caseview/filetree"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// treeMsg brings a file tree.
type treeMsg struct {
	gen   int
	key   filetree.Key
	files *filetree.Files
	err   error
}

// matchesMsg brings what a search in the tree has found.
type matchesMsg struct {
	gen    int
	key    filetree.Key
	filter string
	found  []int32
}

// wantedTree is the key of the tree of the selected layer; false where its files are not there. A tree needs the
// listing of at least one layer; the merged one is shown without those that are missing, and names them. While any of
// its layers is read there is none: it would change under the cursor.
func wantedTree(s *Screen) (filetree.Key, bool) {
	i := s.image()
	r, ok := s.panes[pane.Layers].list.Selected()
	if !ok || imageContainer(i) == "" || r.ID != pane.MergedID && r.Layer < 0 {
		return filetree.Key{}, false
	}
	key, some := filetree.Key{Container: imageContainer(i), Digest: i.Key(), Layer: r.Layer}, false
	for _, l := range i.Layers {
		if l.Empty || r.Layer != pane.MergedTree && l.Number != r.Layer {
			continue
		}
		if pane.Running(l) {
			return filetree.Key{}, false
		}
		some = some || pane.Listed(l)
	}
	return key, some
}

// Load starts to read the tree of the selected layer, if the layers are on screen and its files are there. It is
// called after each message, and starts at most one reading for each tree.
func (s *Screen) Load() tea.Cmd {
	if s.pane != pane.Layers {
		return nil
	}
	key, ok := wantedTree(s)
	if !ok {
		s.tree.Drop()
		return nil
	}
	if !s.tree.Ask(key) {
		return nil
	}
	image, ctx, gen, backend := s.image(), s.ctx, s.gen, s.backend
	var base map[int]bool
	if key.Layer == pane.MergedTree {
		base = pane.BaseLayers(image)
	}
	return shell.Work(func() tea.Msg {
		files, err := shell.Try(func() (*filetree.Files, error) {
			return readTree(ctx, backend, image, key.Layer, base)
		})
		return treeMsg{gen: gen, key: key, files: files, err: err}
	})
}

// readTree reads the files of a layer and makes their tree, outside of Update. A merged tree may have a million
// entries.
func readTree(ctx context.Context, b Backend, i inspect.Image, layer int, base map[int]bool) (*filetree.Files, error) {
	nodes, err := b.Tree(ctx, i, layer)
	if err != nil {
		return nil, err
	}
	return filetree.NewFiles(nodes, base), nil
}

// onTree shows a tree that was read, unless another one is wanted by now.
func onTree(s *Screen, msg treeMsg) {
	if s.gen != msg.gen {
		return
	}
	if missing := s.tree.Take(msg.key, msg.files, msg.err); missing != "" {
		s.shell.Info(text.Clean(missing) + " is not in this tree")
	}
}

// searchTree searches the tree. It runs outside of Update. The search works on what the tree was when it began; its
// matches are dropped where another tree is there by then.
func searchTree(s *Screen, text string) tea.Cmd {
	if text == "" {
		s.tree.ClearFilter()
		return nil
	}
	search := s.tree.Search(text)
	if search == nil {
		return nil
	}
	gen, key := s.gen, s.tree.Key()
	return shell.Work(func() tea.Msg { return matchesMsg{gen: gen, key: key, filter: text, found: search()} })
}

// onMatches shows the matches of a search.
func onMatches(s *Screen, msg matchesMsg) {
	if s.gen == msg.gen {
		s.tree.Match(msg.key, msg.filter, msg.found)
	}
}

// reveal goes to a path in the tree, now or as soon as the tree is there.
func reveal(s *Screen, path string) {
	if !s.tree.Reveal(path) {
		s.shell.Info(text.Clean(path) + " is not in this tree")
	}
}

// whyNoTree writes which layers have no verified listing, and why.
func whyNoTree(s *Screen, d *widget.Document, selected pane.Row) {
	i := s.image()
	if len(i.Layers) == 0 && len(i.Left) > 0 {
		d.Outcome(label.Sign(i.Status), "the registry no longer has it", i.Detail)
		pane.Traces(d, i)
		return
	}
	if len(i.Layers) == 0 {
		d.Say(widget.ToneDim, "…")
		return
	}
	for _, l := range i.Layers {
		if !l.Empty && !pane.Listed(l) && (selected.Layer == pane.MergedTree || l.Number == selected.Layer) {
			pane.LayerState(d, l, fmt.Sprintf("layer %d has no files to show", l.Number))
		}
	}
}

// filePart is the content of a file of the image on screen, or why there is none. The content is read by the layer's
// diff ID and the entry's offset, when the viewer opens.
func filePart(s *Screen, e inspect.Node) ([]viewer.Part, string) {
	if e.Type != inspect.EntryFile && e.Type != inspect.EntryHardlink {
		return nil, "not a regular file"
	}
	for _, l := range s.image().Layers {
		if !l.Empty && l.Number == e.Layer {
			return []viewer.Part{{Name: e.Path, DiffID: l.DiffID, Entry: e.Entry}}, ""
		}
	}
	return nil, "its layer is not known"
}
