package caseview

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/inspect/verdict"
	"github.com/backtrail/backtrail/tui/caseview/filetree"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// Options are how a case opens.
type Options struct {
	// Context: of the kubeconfig, until the case names it
	Context string
	// Pod: that the case is of; the zero value for a case of something else
	Pod  inspect.FlaggedPod
	Open func(ctx context.Context) (inspect.Source, error)
	// Reopen: opens the case anew where it could not be opened; nil: not possible
	Reopen func() tea.Cmd
	// View: shows bytes
	View func(parts []viewer.Part) tea.Cmd
	// Pivot: lists the pods that have something in common with this one; nil: there is no cluster to list
	Pivot func(shell.Pivot) tea.Cmd
	// OpenPod: opens the case of another pod; nil: not possible
	OpenPod func(namespace, name string) tea.Cmd
	// Place: where the case was left; the zero value for one that was not
	Place Place
}

// Screen is an open case.
type Screen struct {
	shell   *shell.Shell
	backend Backend
	o       Options
	// gen: of this screen, in each of its messages
	gen int
	// ctx: ends with the screen, and with it all that it has started
	ctx    context.Context
	cancel context.CancelFunc

	openCase
	// adding: something that a person said is being added
	adding bool
	// waiting: what waits for it
	waiting []adds
	// watched: what happens beside the checks is followed
	watched bool

	pane pane.Kind
	// from: the places before this one, so that esc leads back
	from []place
	// zoom: the region with the focus has all of the screen
	zoom  bool
	panes [pane.Count]paneState
	// whole: everything, not only what differs
	whole bool
	tree  filetree.State
	// marks: a person's marks, by finding ID or path
	marks map[string]string

	// lead: the lines of the headline; nil: they are to be made again
	lead []headline.Line
	// opened: groups of findings whose findings are rows of their own, by ID
	opened map[string]bool
	top    widget.Page
	foot   widget.Page
	places widget.Places
}

// paneState is what a pane keeps while another one is on screen.
type paneState struct {
	// list: with its filter and its selection
	list widget.List[pane.Row]
	// stale: its rows are to be made again
	stale bool
	// sort: index into the orders of the pane
	sort int
	// focus: what moves, filters and opens
	focus  widget.Region
	detail widget.Page
	// about: key of the row that the detail is of
	about string
}

// New makes the screen of a case, and opens the case. The source is opened outside of Update; the first frame is
// there before it.
func New(sh *shell.Shell, b Backend, o Options) (*Screen, tea.Cmd) {
	ctx, cancel := context.WithCancel(sh.Context())
	s := &Screen{
		shell: sh, backend: b, o: o, gen: sh.NextGeneration(), ctx: ctx, cancel: cancel,
		openCase: openCase{since: sh.Now, running: 1}, marks: map[string]string{},
		opened: map[string]bool{},
	}
	s.tree.Paint = sh.Paint
	s.pane = o.Place.pane
	if o.Place.container != "" {
		s.container, s.chosen = o.Place.container, true
	}
	for i := range s.panes {
		st := &s.panes[i]
		st.stale, st.list.Paint = true, sh.Paint
		st.list.Mark = func(r pane.Row) string { return s.letter(r.Mark) }
	}
	s.state().list.Want(o.Place.selected)
	s.refresh()
	return s, shell.Work(func() tea.Msg {
		source, err := shell.Try(func() (inspect.Source, error) { return o.Open(ctx) })
		return sourceMsg{gen: s.gen, what: "opening the case", source: source, err: err}
	})
}

// letter is that of a person's mark on a row.
func (s *Screen) letter(mark string) string {
	if mark == "" || s.marks[mark] == "" {
		return ""
	}
	return label.Mark(s.marks[mark])
}

// Close ends what the screen has started.
func (s *Screen) Close() { s.cancel() }

// Scope is where the screen's commands are at home.
func (s *Screen) Scope() shell.Scope { return shell.InCase }

// state is that of the pane on screen.
func (s *Screen) state() *paneState { return &s.panes[s.pane] }

// view is how a pane looks at the case.
func (s *Screen) view(k pane.Kind) pane.View {
	return pane.View{
		Case: &s.c, Container: s.container, Paint: s.shell.Paint, Now: s.shell.Now,
		Sort: s.panes[k].sort, Whole: s.whole, Pivots: s.o.Pivot != nil, Steps: s.steps, Opened: s.groupOpen,
	}
}

// changed makes the visible rows again, and the others when they are looked at. The outcome, the steps, marks and
// flags are derived from the whole case each time, as the order of events is not theirs.
func (s *Screen) changed() {
	s.outcome = verdict.Of(&s.c)
	s.settleContainer()
	s.steps = s.backend.NextSteps(s.c)
	v := s.view(s.pane)
	s.marks, s.tree.Flags = v.Marks(), v.Flags()
	s.tree.Marks = s.marks
	s.allStale()
}

// allStale has all rows made again.
func (s *Screen) allStale() {
	s.lead = nil
	for i := range s.panes {
		s.panes[i].stale = true
	}
	s.refresh()
}

// refresh makes the rows of the pane on screen, if they are stale. Panes that are not on screen are made when they
// are looked at, so that a batch costs one pane.
func (s *Screen) refresh() {
	if s.pane == pane.Overview && s.lead == nil {
		s.lead = headlineOf(s)
	}
	if st := s.state(); st.stale {
		st.stale = false
		if s.lost() {
			// the reason is shown in place of rows
			st.list.Set(nil)
			return
		}
		st.list.Set(s.pane.Listed(s.view(s.pane)))
	}
}

// Refresh makes again what shows how much time is left.
func (s *Screen) Refresh() {
	if len(s.clocks()) == 0 {
		return
	}
	s.lead = nil
	s.panes[pane.Timeline].stale = true
	s.refresh()
}

// showPane brings another pane to the screen.
func (s *Screen) showPane(k pane.Kind) {
	s.pane = k
	s.refresh()
}

// row is the one that a command is about: the selected file while the tree has the focus, else the selected row.
func (s *Screen) row() (pane.Row, bool) {
	if !s.inTree() {
		return s.state().list.Selected()
	}
	e, ok := s.tree.Selected()
	if !ok {
		return pane.Row{}, false
	}
	return pane.Row{
		ID: e.Path, Value: e.Path, Container: s.container, Mark: e.Path, Path: e.Path, Layer: e.Layer, Object: e,
	}, true
}

// inTree reports whether the file tree has the focus.
func (s *Screen) inTree() bool {
	return s.pane == pane.Layers && s.state().focus == widget.RegionDetail
}
