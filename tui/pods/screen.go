package pods

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// Backend has the pods and the alerts. Its methods are called outside of Update, each with a context that ends when the
// list is read again or the program ends.
type Backend interface {
	// Pods lists what runs, and emits a better list as more is known: each one replaces the one before. It may go on
	// until its context ends, with what changes.
	Pods(ctx context.Context, allNamespaces bool, emit func(inspect.PodList)) error
	// PasteAlerts takes alert lines that a person pasted. Pods is called again after it.
	PasteAlerts(ctx context.Context, text string) error
	// Command is the command line that shows the case of a target, with every flag in force. It returns at once.
	Command(c *inspect.Case, container string) string
}

// Options are how the list starts.
type Options struct {
	// Context: of the kubeconfig, or the snapshot's name, until a list names it
	Context string
	// Namespace: only this namespace until a person asks for all; empty: all from the start
	Namespace string
	// Alerts: where the alerts come from, in words; empty: none were loaded
	Alerts string

	// Open: opens the case of a pod; a pod without a name stands for its first alert
	Open func(pod inspect.FlaggedPod) tea.Cmd
	// View: shows bytes
	View func(parts []viewer.Part) tea.Cmd
}

// Screen is the list.
type Screen struct {
	shell   *shell.Shell
	backend Backend
	o       Options
	board   *board
	list    widget.List[row]
	sort    int
	// all: namespaces
	all      bool
	unfolded map[string]bool
	// muted: rule to reason
	muted map[string]string
	// known: what the cases of this session found, by image digest
	known   map[string]Summary
	loading bool
	// came: when the newest list was taken
	came   time.Time
	gen    int
	cancel context.CancelFunc
	// from: the list that this one is a part of; nil for the list of all
	from *Screen
	// only: what its pods have in common
	only  shell.Pivot
	focus widget.Region
	// zoom: the region with the focus has all of the screen
	zoom   bool
	places widget.Places
	detail widget.Page
	// about: key of the row that the detail is of
	about string
}

// podsMsg brings a list. A list may come with its end.
type podsMsg struct {
	gen int
	// board: nil: no list came
	board *board
	ended bool
	err   error
	pump  *shell.Pump[inspect.PodList]
}

// New makes the screen; Read starts it. Nothing is read before Read.
func New(sh *shell.Shell, b Backend, o Options) *Screen {
	s := &Screen{
		shell: sh, backend: b, o: o, board: newBoard(inspect.PodList{}), all: o.Namespace == "",
		unfolded: map[string]bool{}, muted: map[string]string{}, known: map[string]Summary{},
		cancel: func() {},
	}
	s.list.Paint = sh.Paint
	return s
}

// Close ends the reading of the list.
func (s *Screen) Close() { s.cancel() }

// Scope is where the screen's commands are at home.
func (s *Screen) Scope() shell.Scope { return shell.InPods }

// Read reads the list again. Nothing on screen changes before it is there. The reading before ends with its context;
// what it still brings has another generation and is dropped.
func (s *Screen) Read() tea.Cmd {
	if s.from != nil {
		return s.from.Read()
	}
	s.cancel()
	ctx, cancel := context.WithCancel(s.shell.Context())
	s.cancel, s.loading = cancel, true
	s.gen = s.shell.NextGeneration()
	gen, all, backend, sh := s.gen, s.all, s.backend, s.shell
	return shell.Work(func() tea.Msg {
		list := func(ctx context.Context, emit func(inspect.PodList)) error { return backend.Pods(ctx, all, emit) }
		return nextList(gen, shell.Start(ctx, sh, list))
	})
}

// nextList waits for a list, and prepares the newest one for drawing. Of several lists that wait only the newest is
// prepared: each replaces the one before.
func nextList(gen int, p *shell.Pump[inspect.PodList]) tea.Msg {
	lists, ended, err := p.Next()
	msg := podsMsg{gen: gen, ended: ended, err: err, pump: p}
	if n := len(lists); n > 0 {
		msg.board = newBoard(lists[n-1])
	}
	return msg
}

// Update takes the messages of the screen's commands, and pasted alerts.
func (s *Screen) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case podsMsg:
		return s.onPods(msg)
	case tea.PasteMsg:
		return s.paste(msg.Content)
	}
	return nil
}

// onPods takes a list, unless a newer one was asked for. An error at the end leaves the list as it was, with its age
// in the header.
func (s *Screen) onPods(msg podsMsg) tea.Cmd {
	if s.from != nil {
		return s.onParent(msg)
	}
	if s.gen != msg.gen {
		return nil
	}
	if msg.board != nil {
		s.board, s.came = msg.board, s.shell.Now
		s.loading = !msg.board.list.State.Whole
		s.notify(s.board.list.Notices)
		s.refresh()
	}
	if msg.ended {
		s.loading = false
		s.settle()
		if msg.err != nil {
			s.shell.Fail("listing pods", msg.err)
		}
		return nil
	}
	return shell.Work(func() tea.Msg { return nextList(msg.gen, msg.pump) })
}

// notify shows the new notices of a list; those that matter more stay on the status line. A notice that was shown
// once is not shown again by the next list.
func (s *Screen) notify(all []inspect.Notice) {
	for _, level := range []string{shell.LevelInfo, shell.LevelWarning, shell.LevelError} {
		for _, n := range all {
			if n.Level == level && !s.shell.Shown(n) {
				s.shell.Notify(n)
			}
		}
	}
}

// refresh makes the rows again. It runs for each list and each key that changes rows.
func (s *Screen) refresh() {
	top, at := s.list.Top, s.list.At
	before, _ := s.selected()
	s.list.Set(s.rows())
	if s.list.Moved() && s.list.SelectedKey() != before.id {
		s.list.Follow(s.keyNow(before))
	}
	// rows that come in above a list that is seen from its first row on are seen too
	if top == 0 && s.list.At != at {
		s.list.Top = 0
	}
	if !s.loading {
		s.settle()
	}
}

// keyNow is the key of the row that a pod has now: it is another one once the pod is flagged, or no longer. A pod
// that moves into a group that is folded is then the row of that group.
func (s *Screen) keyNow(before row) string {
	if before.pod == nil || before.pod.Name == "" {
		return ""
	}
	id := podKey(before.pod.Pod)
	for _, g := range s.board.groups {
		if _, muted := s.muted[g.rule]; muted {
			continue
		}
		for _, p := range g.pods {
			switch {
			case podKey(p.Pod) != id:
			case len(g.pods) > 1 && s.unfolded[g.id]:
				return g.id + id
			default:
				return g.id
			}
		}
	}
	return id
}

// settle keeps the selection on its row from now on: what comes in later never moves the cursor.
func (s *Screen) settle() {
	if s.list.Len() > 0 {
		s.list.Stay()
	}
}

// age of something, at the time of the last message.
func (s *Screen) age(t inspect.Time) string {
	if t.IsZero() {
		return ""
	}
	return label.Age(s.shell.Now.Sub(t.Time))
}
