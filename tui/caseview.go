package tui

import (
	"context"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// caseScreen is an open case. Its generation tells its messages from those of a case that was left.
type caseScreen struct {
	gen     int
	ctx     context.Context
	cancel  context.CancelFunc
	pod     inspect.FlaggedPod
	c       inspect.Case
	running int       // sources that still emit
	noting  bool      // something that a person said is being kept
	notes   []keeping // what waits for it
	began   bool
	watched bool  // what happens beside the checks is followed
	broken  error // the case could not be opened, or its source ended badly
	since   time.Time
	reasons []string // why the case is not verified
	brief   []string
	pace    engine.ETA

	subject string // of the image on screen
	chosen  bool   // by the person
	pane    pane
	from    []pane // where jumps began, so that esc leads back
	panes   [paneCount]paneState
	whole   bool // d: everything, not only what differs
	tree    treeState
	flagged map[string]inspect.Severity // paths that something is said about, and the directories above them
	marks   map[string]string           // a person's marks, by finding ID or path
}

// paneState is what a pane remembers while another one is on screen.
type paneState struct {
	list   widget.List[row]
	stale  bool
	sort   int
	focus  widget.Region
	scroll int    // of the detail
	about  string // row that the scroll belongs to
	top    int    // scroll of the region above the list
}

// openCase leaves whatever case is open and opens another.
func (m *Model) openCase(pod inspect.FlaggedPod, open func(context.Context) (inspect.Source, error)) tea.Cmd {
	m.closeCase()
	m.gen++
	ctx, cancel := context.WithCancel(m.ctx)
	s := &caseScreen{gen: m.gen, ctx: ctx, cancel: cancel, pod: pod, pane: paneOverview, since: m.now, running: 1}
	for i := range s.panes {
		s.panes[i].stale = true
	}
	m.open = s
	m.refresh()
	return tea.Batch(m.tick(), work(func() tea.Msg {
		source, err := try(func() (inspect.Source, error) { return open(ctx) })
		return sourceMsg{gen: s.gen, what: "opening the case", source: source, err: err}
	}))
}

func (m *Model) closeCase() {
	if m.open == nil {
		return
	}
	m.remember()
	m.open.cancel()
	m.open, m.viewer = nil, nil
	m.filter.Reset()
}

// goOn follows another source of the same case: a retry, or another known-good.
func (m *Model) goOn(what string, f func(ctx context.Context, c *inspect.Case) (inspect.Source, error)) tea.Cmd {
	s := m.open
	s.running++
	copied := s.snapshot()
	m.info(what)
	return tea.Batch(m.tick(), work(func() tea.Msg {
		source, err := try(func() (inspect.Source, error) { return f(s.ctx, copied()) })
		return sourceMsg{gen: s.gen, what: what, source: source, err: err}
	}))
}

func (m *Model) sourceCame(msg sourceMsg) tea.Cmd {
	s := m.open
	if s == nil || s.gen != msg.gen {
		return nil
	}
	if msg.err != nil {
		s.running--
		if !s.began {
			s.broken = msg.err
		}
		m.fail(msg.what, msg.err)
		return nil
	}
	p := startPump(s.ctx, m.pumps, msg.source)
	return tea.Batch(followEvents(s.gen, p, false), m.watchCase())
}

// watchCase follows what happens beside the checks, once for each case. It ends with the screen.
func (m *Model) watchCase() tea.Cmd {
	s := m.open
	if s.watched || m.o.Watch == nil {
		return nil
	}
	s.watched = true
	source := m.o.Watch()
	if source == nil {
		return nil
	}
	return followEvents(s.gen, startPump(s.ctx, m.pumps, source), true)
}

func followEvents(gen int, p *pump[inspect.Event], beside bool) tea.Cmd {
	return work(func() tea.Msg {
		events, ended, err := p.next()
		return eventsMsg{gen: gen, events: events, ended: ended, err: err, pump: p, beside: beside}
	})
}

// eventsCame folds a batch.
func (m *Model) eventsCame(msg eventsMsg) tea.Cmd {
	s := m.open
	if s == nil || s.gen != msg.gen {
		return nil
	}
	for _, e := range msg.events {
		s.began = true
		s.c.Apply(e)
		s.pace.Note(e, m.now)
		if n, ok := e.Fact.(inspect.Notice); ok {
			m.say(n)
		}
	}
	var next tea.Cmd
	switch {
	case msg.ended && msg.beside:
		if msg.err != nil && s.ctx.Err() == nil {
			m.fail("watching the pod", msg.err)
		}
	case msg.ended:
		s.running--
		if msg.err != nil && s.ctx.Err() == nil {
			s.broken = msg.err
			m.fail("following the case", msg.err)
		}
	default:
		next = followEvents(s.gen, msg.pump, msg.beside)
	}
	m.changed()
	return tea.Batch(next, m.wantTree())
}

// changed makes the visible rows again, and the others when they are looked at.
func (m *Model) changed() {
	s := m.open
	s.reasons = s.c.Settle()
	s.settleSubject()
	s.findFlagged()
	s.brief = nil
	for i := range s.panes {
		s.panes[i].stale = true
	}
	m.refresh()
}

// refresh makes the rows of the pane on screen, if they are stale.
func (m *Model) refresh() {
	s := m.open
	if s == nil {
		return
	}
	st := &s.panes[s.pane]
	st.list.Paint, st.list.Mark = m.p, func(r row) string { return markSign(s.marks[r.mark]) }
	if s.pane == paneOverview && s.brief == nil {
		s.brief = m.briefLines()
	}
	if !st.stale {
		return
	}
	st.stale = false
	st.list.Set(s.pane.spec().rows(m, s))
}

// lost says that the case could not be opened at all.
func (s *caseScreen) lost() bool { return s.broken != nil && !s.began }

func (s *caseScreen) state() *paneState { return &s.panes[s.pane] }
