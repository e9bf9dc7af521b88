package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// treeState is the file tree beside the layers. Only one tree is kept: the store gives each again when it is needed.
type treeState struct {
	widget.Window
	key     treeKey // that is shown, or was asked for
	tree    *fileTree
	asked   bool
	err     error
	reveal  string // path to go to once the tree is there
	filter  string
	matches []int32 // with a filter: a flat list of what fits
	matched bool    // the matches are there
}

// treeWanted is the key of the tree that the selected layer stands for.
func (s *caseScreen) treeWanted() (treeKey, bool) {
	i := s.image()
	r, ok := s.panes[paneLayers].list.Selected()
	if !ok || i.Container == "" || r.layer < MergedTree || r.id != "merged" && r.layer < 0 {
		return treeKey{}, false
	}
	key, some := treeKey{i.Container, i.Key(), r.layer}, false
	for _, l := range i.Layers {
		if l.Empty || r.layer != MergedTree && l.Number != r.layer {
			continue
		}
		if l.Reason == inspect.Running {
			return treeKey{}, false
		}
		some = some || listed(l)
	}
	return key, some
}

// listed says that a layer was read to its end, so that its files can be shown, whatever else is wrong with it.
func listed(l inspect.Layer) bool { return l.DiffID != "" && l.Reason != inspect.Running }

// unlisted names the layers whose files are missing in the merged tree, "" for none.
func (s *caseScreen) unlisted() string {
	var numbers []string
	for _, l := range s.image().Layers {
		if !l.Empty && !listed(l) {
			numbers = append(numbers, fmt.Sprint(l.Number))
		}
	}
	if len(numbers) == 0 {
		return ""
	}
	return "without layer " + strings.Join(numbers, ", ")
}

// wantTree asks for the tree of the selected layer, if the layers pane is on screen and its bytes are there.
func (m *Model) wantTree() tea.Cmd {
	s := m.open
	if s == nil || s.pane != paneLayers || m.o.Tree == nil {
		return nil
	}
	key, ok := s.treeWanted()
	if !ok {
		if s.tree.asked {
			s.tree = treeState{reveal: s.tree.reveal}
		}
		return nil
	}
	if s.tree.asked && s.tree.key == key {
		return nil
	}
	s.tree = treeState{key: key, asked: true, reveal: s.tree.reveal}
	image, ctx, gen := s.image(), s.ctx, s.gen
	var base map[int]bool
	if key.layer == MergedTree {
		base = baseLayers(image)
	}
	return work(func() tea.Msg {
		tree, err := try(func() (*fileTree, error) {
			nodes, err := m.o.Tree(ctx, image, key.layer)
			if err != nil {
				return nil, err
			}
			return newFileTree(nodes, base), nil
		})
		return treeMsg{gen: gen, key: key, tree: tree, err: err}
	})
}

// whyNoTree says which layers have no listing that was proven, and why.
func (s *caseScreen) whyNoTree(d *widget.Document, selected row) {
	if i := s.image(); len(i.Layers) == 0 && len(i.Left) > 0 {
		d.Outcome(signOf(i.Status), "the registry no longer has it", i.Detail)
		leftOf(d, i)
		return
	}
	if len(s.image().Layers) == 0 {
		d.Say(widget.ToneDim, "…")
		return
	}
	for _, l := range s.image().Layers {
		if !l.Empty && !listed(l) && (selected.layer == MergedTree || l.Number == selected.layer) {
			layerState(d, l, fmt.Sprintf("layer %d has no files to show", l.Number))
		}
	}
}

// baseLayers are those that the image did not add itself, as far as that is known: the first one at least, where
// there are more.
func baseLayers(i inspect.Image) map[int]bool {
	base := map[int]bool{}
	for _, l := range i.Layers {
		if !l.Empty && (l.Base || l.Number == 0 && len(i.Layers) > 1) {
			base[l.Number] = true
		}
	}
	return base
}

func (m *Model) treeCame(msg treeMsg) {
	s := m.open
	if s == nil || s.gen != msg.gen || s.tree.key != msg.key {
		return
	}
	s.tree.tree, s.tree.err = msg.tree, msg.err
	if msg.err != nil {
		return
	}
	if s.tree.reveal != "" {
		m.revealPath(s.tree.reveal)
		return
	}
	s.openFlagged()
}
