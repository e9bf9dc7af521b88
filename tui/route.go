package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
)

// key routes a key: ctrl+c, then the dialog, then the filter, then the table of commands.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	switch {
	case key == "ctrl+c", key == "ctrl+alt+c": // esc and ctrl+c without a gap arrive as one key
		return tea.Quit
	case m.Dialog != nil && key == "esc":
		if m.Dialog.Cancel() {
			m.Shell.Close()
		}
		return nil
	case m.Dialog != nil:
		return m.Dialog.Update(msg)
	case m.filtering:
		return m.typeFilter(msg)
	}
	return m.press(key)
}

// action is what a command does now: the shell's own, or that of the screen. The shell's own commands come first, so
// that no screen can take q or ctrl+c for itself.
func (m *Model) action(c command) shell.Action {
	if v, ok := verbs()[c.name]; ok {
		return v.Bind(m)
	}
	if a, ok := m.top().Action(c.name); ok {
		return a
	}
	return shell.Action{
		Why: func() string { return "not on this screen" },
		Run: func(string) tea.Cmd { return nil },
	}
}

// run does a command, or shows why it is disabled. A reason that is shown replaces the notice before; a command that
// runs clears it.
func (m *Model) run(c command, arg string) tea.Cmd {
	a := m.action(c)
	if reason := a.Why(); reason != "" {
		m.Info(strings.TrimSpace(c.show+" "+c.name) + ": " + reason)
		return nil
	}
	m.Notice = inspect.Notice{}
	return a.Run(arg)
}

// maxMove is further than any list is long. Screens bound it.
const maxMove = 1 << 30

// verbs are the commands of the shell itself, by their names in the table of keys.
func verbs() map[string]shell.Verb[*Model] {
	move := func(by func(m *Model) int) shell.Verb[*Model] {
		return shell.Verb[*Model]{Run: func(m *Model, _ string) tea.Cmd { return m.top().Move(by(m)) }}
	}
	return map[string]shell.Verb[*Model]{
		"back":           {Why: whyNoBack, Run: runBack},
		"up":             move(func(*Model) int { return -1 }),
		"down":           move(func(*Model) int { return 1 }),
		"top":            move(func(*Model) int { return -maxMove }),
		"bottom":         move(func(*Model) int { return maxMove }),
		"half page down": move(func(m *Model) int { return max(1, m.top().Rows()/2) }),
		"half page up":   move(func(m *Model) int { return -max(1, m.top().Rows()/2) }),
		"page down":      {Run: func(m *Model, _ string) tea.Cmd { return m.top().Scroll(1) }},
		"page up":        {Run: func(m *Model, _ string) tea.Cmd { return m.top().Scroll(-1) }},
		"filter":         {Run: runFilter},
		"messages":       {Run: runMessages},
		"audit":          {Why: whyNoCluster, Run: runAudit},
		"where":          {Why: whyNoCluster, Run: runWhere},
		"commands":       {Run: runPalette},
		"mouse":          {Run: runMouse},
		"help":           {Run: runHelp},
		"quit":           {Run: runQuit},
		"quit at once":   {Run: func(*Model, string) tea.Cmd { return tea.Quit }},
	}
}

// backOf is what esc does on the screen itself, and why it does nothing.
func (m *Model) backOf() (shell.Action, string) {
	a, ok := m.top().Action("back")
	if !ok {
		return a, "nothing to go back to; q quits"
	}
	return a, a.Why()
}

// whyNoBack is why esc does nothing at all.
func whyNoBack(m *Model) string {
	if len(m.Errors) > 0 || len(m.stack) > 1 {
		return ""
	}
	_, why := m.backOf()
	return why
}

// runBack dismisses an error, else goes back on the screen, else leaves the screen. It never quits: whoever presses
// esc once too often stays where they are.
func runBack(m *Model, arg string) tea.Cmd {
	if len(m.Errors) > 0 {
		m.Errors = m.Errors[1:]
		return nil
	}
	if a, why := m.backOf(); why == "" {
		return a.Run(arg)
	}
	return m.pop()
}

// paste takes a paste: into a line that is being typed, else it goes to the screen. A bracketed paste is never taken
// for keys.
func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	switch {
	case m.Dialog != nil:
		return m.Dialog.Update(msg)
	case m.filtering:
		return m.typeFilter(msg)
	default:
		return m.top().Update(msg)
	}
}

// wheelRows is how far the wheel moves. It moves rows, not the region in sight: the cursor stays in view.
const wheelRows = 3

// pointer takes the mouse: a click selects or gives the focus, the wheel moves. It is off from the start: a terminal
// with the mouse on cannot select text without shift.
func (m *Model) pointer(msg tea.MouseMsg) tea.Cmd {
	if !m.mouse || m.Dialog != nil {
		return nil
	}
	switch msg := msg.(type) {
	case tea.MouseWheelMsg:
		if msg.Button == tea.MouseWheelUp {
			return m.top().Move(-wheelRows)
		}
		return m.top().Move(wheelRows)
	case tea.MouseClickMsg:
		return m.top().Click(msg.X, msg.Y)
	}
	return nil
}
