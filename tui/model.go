package tui

import (
	"context"
	"slices"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/fleet"
	"github.com/backtrail/backtrail/tui/pods"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// screen is what fills the terminal between the header and the status line. Screens are plain values with methods
// that Model calls in turn; none sends messages to another.
type screen interface {
	Scope() shell.Scope
	// Action is what a command of the table does here; false where it is not at home.
	Action(name string) (shell.Action, bool)
	// Update takes the result of a command, or a paste.
	Update(msg tea.Msg) tea.Cmd
	// Load starts to read what is on screen and not there yet; nil where nothing is missing.
	Load() tea.Cmd
	// Arrange fits the screen to the terminal. It runs after each message; Draw only draws.
	Arrange()
	Draw() (lines []string, cursor *tea.Cursor)
	Header() shell.Header
	Move(by int) tea.Cmd
	// Scroll goes down by so many pages, or up: the detail from the list, else what has the focus.
	Scroll(pages int) tea.Cmd
	// Rows is the height of what has the focus: a page.
	Rows() int
	Click(x, y int) tea.Cmd
	Filter() string
	SetFilter(text string) tea.Cmd
	// Refresh makes again what shows the time or the theme.
	Refresh()
	// Close ends what the screen has started.
	Close()
}

// tickMsg is the time that passes.
type tickMsg time.Time

// Model is the terminal UI. It only routes: what a message means is decided by the screen, the dialog or the command
// that it goes to.
type Model struct {
	*shell.Shell
	o       Options
	light   bool
	ticking bool
	// after: brings a tick
	after func(time.Duration) tea.Cmd
	// start: what the first screens need
	start []tea.Cmd

	// stack: the last one is on screen
	stack  []screen
	filter textinput.Model
	// filtering: keys go to the filter
	filtering bool
	mouse     bool

	// cluster: what cases are opened from; nil where one saved case is shown
	cluster Cluster
	// list: of all pods; nil where one saved case is shown
	list *pods.Screen
	// audit: goes on while other screens are on the stack; nil until it is asked for
	audit *fleet.Audit
	// left: where a person was in each case that they left, by its name
	left map[string]caseview.Place
	tour tour
	// tourHeight: rows of the tour, below the screen
	tourHeight int
}

// newModel makes a model without a screen. The context ends everything that it starts.
func newModel(ctx context.Context, o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Model{
		o: o, light: o.Theme == ThemeLight, after: tickAfter, filter: shell.NewInput("/"),
		left: map[string]caseview.Place{}, tour: tour{steps: o.Tour},
	}
	m.Shell = shell.New(ctx, m.paint(), o.Now())
	return m
}

// paint makes the look of the theme.
func (m *Model) paint() *widget.Paint { return widget.NewPaint(!m.light, m.o.NoColor, m.o.ASCII) }

// top is the screen that is visible.
func (m *Model) top() screen { return m.stack[len(m.stack)-1] }

// push brings a screen to the top, which has started with a command. The filter that was typed belongs to the screen
// below, which keeps its own.
func (m *Model) push(s screen, start tea.Cmd) tea.Cmd {
	m.stack = append(m.stack, s)
	m.filter.Reset()
	return tea.Batch(m.tick(), start)
}

// pop goes back to the screen below. The last one stays. A case that another one had to replace is opened again, where
// it was left.
func (m *Model) pop() tea.Cmd {
	if len(m.stack) < 2 {
		return nil
	}
	m.top().Close()
	m.stack = m.stack[:len(m.stack)-1]
	m.filter.Reset()
	if c, ok := m.top().(*openCase); ok && c.asleep {
		s, start := c.again()
		m.stack[len(m.stack)-1] = s
		return tea.Batch(m.tick(), start)
	}
	return nil
}

// popTo goes back to a screen that is on the stack.
func popTo(m *Model, s screen) tea.Cmd {
	var cmd tea.Cmd
	for len(m.stack) > 1 && m.top() != s {
		cmd = m.pop()
	}
	return cmd
}

// Init starts what the first screen needs. A terminal that does not answer the query for its background is taken to
// be dark.
func (m *Model) Init() tea.Cmd {
	cmds := append([]tea.Cmd{m.listen()}, m.start...)
	if m.o.Theme == ThemeAuto && !m.o.NoColor {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	return tea.Batch(append(cmds, m.tick())...)
}

// Update takes a message. It does no input or output. Load and Arrange follow each message, so that no screen has to
// remember when to call them.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	load := m.top().Load()
	m.tour.follow(m)
	m.arrange()
	if load == nil {
		return m, cmd
	}
	return m, tea.Batch(cmd, load)
}

// update routes a message: size and theme, then keys and mouse, then results.
func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.tourHeight = m.tour.rows(msg.Width, msg.Height)
		m.Width, m.Height = msg.Width, max(0, msg.Height-m.tourHeight)
		return nil
	case tea.BackgroundColorMsg:
		if m.o.Theme == ThemeAuto {
			m.light = !msg.IsDark()
			*m.Paint = *m.paint()
			m.refresh()
		}
		return nil
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.MouseMsg:
		return m.pointer(msg)
	case tickMsg:
		m.Now, m.ticking = m.o.Now(), false
		m.refresh()
		return m.tick()
	}
	return m.result(msg)
}

// refresh has all screens make again what shows the time or the theme.
func (m *Model) refresh() {
	for _, s := range screensOf(m) {
		s.Refresh()
	}
}

// result takes what a command brought back. Each screen drops what it did not ask for. A message goes to all screens
// of the stack: a case below the viewer goes on.
func (m *Model) result(msg tea.Msg) tea.Cmd {
	m.Now = m.o.Now()
	switch msg := msg.(type) {
	case shell.NoticeMsg:
		m.Notify(msg.Notice)
		if msg.More {
			return m.listen()
		}
		return nil
	case shell.DoneMsg:
		return m.done(msg)
	case shell.Taker:
		return msg.Take()
	}
	var cmds []tea.Cmd
	for _, s := range screensOf(m) {
		cmds = append(cmds, s.Update(msg))
	}
	return tea.Batch(cmds...)
}

// screensOf are the screens of the stack, and the audit, which goes on where it is not one of them.
func screensOf(m *Model) []screen {
	if m.audit == nil || slices.Contains(m.stack, screen(m.audit)) {
		return m.stack
	}
	return append(slices.Clone(m.stack), screen(m.audit))
}

// done shows the outcome of something that a person asked for, and goes on with what follows from it.
func (m *Model) done(msg shell.DoneMsg) tea.Cmd {
	if msg.Err != nil {
		m.Fail(msg.Text, msg.Err)
		return nil
	}
	m.Info(msg.Text)
	if msg.Then != nil {
		return msg.Then()
	}
	return nil
}

// arrange fits the screen and the dialog to the terminal.
func (m *Model) arrange() {
	m.top().Arrange()
	m.filter.SetWidth(max(1, m.Width-4))
	if m.Dialog != nil {
		box := m.dialogBox()
		m.Dialog.Arrange(box.W-4, box.H-2)
	}
}

// listen waits for a notice from outside of a case. The command ends with the context, so that it does not outlive
// the program.
func (m *Model) listen() tea.Cmd {
	from, ctx := m.o.Notices, m.Context()
	if from == nil {
		return nil
	}
	return shell.Work(func() tea.Msg {
		select {
		case n, ok := <-from:
			if !ok {
				return nil
			}
			return shell.NoticeMsg{Notice: n, More: true}
		case <-ctx.Done():
			return nil
		}
	})
}

const (
	// while checks run: time left is shown
	tickRunning = time.Second
	// ages are shown by the minute
	tickIdle = 30 * time.Second
)

// tick keeps ages and times left true. There is one tick on its way at a time. Without checks that run the screen
// changes twice a minute at most.
func (m *Model) tick() tea.Cmd {
	if m.ticking {
		return nil
	}
	m.ticking = true
	every := tickIdle
	if m.top().Header().Busy {
		every = tickRunning
	}
	return m.after(every)
}

// tickAfter brings a tick after some time.
func tickAfter(d time.Duration) tea.Cmd {
	return tea.Tick(d, func(t time.Time) tea.Msg { return tickMsg(t) })
}
