package tui

import (
	"context"
	"sync"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// Model is the terminal UI. It only routes: what a message means is decided by the screen, the dialog or the command
// that it goes to.
type Model struct {
	o     Options
	ctx   context.Context
	p     *widget.Paint
	light bool

	width, height int
	now           time.Time
	ticking       bool
	after         func(time.Duration) tea.Cmd // brings a tick
	pumps         *sync.WaitGroup             // the sources that run beside us
	gen           int                         // of the newest screen; older messages are dropped

	pods   *podsScreen // nil when started on one case
	open   *caseScreen // nil while the list is on screen
	viewer *viewer     // nil unless bytes are shown
	dialog dialog      // nil unless one is open

	filter    textinput.Model
	filtering bool // keys go to the filter

	notice  inspect.Notice   // the last one
	errors  []inspect.Notice // stay until a person dismisses them
	said    []inspect.Notice // all of the session, as many as maxSaid
	mouse   bool
	seen    map[string]glance // what a case of this session said of an image, by imageID
	looking bool              // an export runs
}

// glance is what the list shows of a case that was opened.
type glance struct {
	signed    inspect.Status
	knownGood inspect.Status
}

const (
	maxErrors = 20  // that wait to be dismissed
	maxSaid   = 200 // notices that can be read again
)

// New makes the model. The context ends everything that it starts.
func New(ctx context.Context, o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	m := &Model{o: o, ctx: ctx, light: o.Theme == ThemeLight, now: o.Now(), after: tickAfter, pumps: &sync.WaitGroup{}, seen: map[string]glance{}}
	m.repaint()
	m.filter = m.input("/")
	if o.Case == nil {
		m.pods = newPodsScreen(m)
	}
	return m
}

// Init starts what the first screen needs.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.listen()}
	if m.o.Theme == ThemeAuto && !m.o.NoColor {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if m.o.Case != nil {
		source := m.o.Case
		cmds = append(cmds, m.openCase(inspect.FlaggedPod{}, func(context.Context) (inspect.Source, error) { return source, nil }))
	} else {
		cmds = append(cmds, m.readPods())
	}
	return tea.Batch(append(cmds, m.tick())...)
}

// Update takes a message. It does no input or output.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	if texts := m.wantTexts(); texts != nil {
		return m, tea.Batch(cmd, texts)
	}
	return m, cmd
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return nil
	case tea.BackgroundColorMsg:
		if m.o.Theme == ThemeAuto {
			m.light = !msg.IsDark()
			m.repaint()
		}
		return nil
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.MouseMsg:
		return m.pointer(msg)
	case tickMsg:
		m.now, m.ticking = m.o.Now(), false
		m.aged()
		return m.tick()
	}
	return m.result(msg)
}

// result takes what a command brought back.
func (m *Model) result(msg tea.Msg) tea.Cmd {
	m.now = m.o.Now()
	switch msg := msg.(type) {
	case noticeMsg:
		m.say(msg.notice)
		if msg.more {
			return m.listen()
		}
	case podsMsg:
		return m.podsCame(msg)
	case textsMsg:
		m.textsCame(msg)
	case sourceMsg:
		return m.sourceCame(msg)
	case eventsMsg:
		return m.eventsCame(msg)
	case treeMsg:
		m.treeCame(msg)
	case belowMsg:
		return m.belowCame(msg)
	case matchesMsg:
		m.matchesCame(msg)
	case contentMsg:
		m.contentCame(msg)
	case noteMsg:
		return m.noteCame(msg)
	case exportMsg:
		return m.exportCame(msg)
	case doneMsg:
		return m.doneCame(msg)
	}
	return nil
}

// say shows a notice. Errors stay until they are dismissed; the same one is not said twice.
func (m *Model) say(n inspect.Notice) {
	if len(m.said) == maxSaid {
		m.said = m.said[1:]
	}
	m.said = append(m.said, n)
	if n.Level != levelError {
		m.notice = n
		return
	}
	for _, e := range m.errors {
		if e.Text == n.Text {
			return
		}
	}
	if len(m.errors) < maxErrors {
		m.errors = append(m.errors, n)
	}
}

func (m *Model) info(text string) { m.say(inspect.Notice{Level: levelInfo, Text: text}) }

func (m *Model) fail(doing string, err error) {
	m.say(inspect.Notice{Level: levelError, Text: doing + ": " + err.Error()})
}

func (m *Model) doneCame(msg doneMsg) tea.Cmd {
	if msg.err != nil {
		m.fail(msg.text, msg.err)
		return nil
	}
	m.info(msg.text)
	if msg.then != nil {
		return msg.then(m)
	}
	return nil
}

// listen waits for a notice from outside of a case.
func (m *Model) listen() tea.Cmd {
	from, ctx := m.o.Notices, m.ctx
	if from == nil {
		return nil
	}
	return work(func() tea.Msg {
		select {
		case n, ok := <-from:
			if !ok {
				return nil
			}
			return noticeMsg{notice: n, more: true}
		case <-ctx.Done():
			return nil
		}
	})
}

// tick keeps ages and times left true: each second while something runs, else twice a minute.
func (m *Model) tick() tea.Cmd {
	if m.ticking {
		return nil
	}
	m.ticking = true
	every := 30 * time.Second
	if m.open != nil && m.open.running > 0 {
		every = time.Second
	}
	return m.after(every)
}

// aged makes again what says how much time is left.
func (m *Model) aged() {
	if m.open == nil || len(m.running()) == 0 {
		return
	}
	m.open.brief = nil
	m.open.panes[paneTimeline].stale = true
	m.refresh()
}

func tickAfter(d time.Duration) tea.Cmd {
	return tea.Tick(d, func(t time.Time) tea.Msg { return tickMsg(t) })
}

func (m *Model) repaint() { m.p = widget.NewPaint(!m.light, m.o.NoColor, m.o.ASCII) }

// input makes a line of text to type into, with the terminal's own cursor, which does not blink.
func (m *Model) input(prompt string) textinput.Model {
	in := textinput.New()
	in.Prompt, in.CharLimit = prompt, 4096
	in.SetVirtualCursor(false)
	styles := textinput.Styles{}
	styles.Cursor.Blink = false
	in.SetStyles(styles)
	in.Focus()
	return in
}
