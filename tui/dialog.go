package tui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// dialog is a box over the screen. All keys go to it but ctrl+c.
type dialog interface {
	title() string
	// update takes a key or a paste. esc closes the dialog before it comes here.
	update(m *Model, msg tea.Msg) tea.Cmd
	// render draws the inside; the cursor is nil, or where the text goes.
	render(m *Model, width, height int) (lines []string, cursor *tea.Cursor)
	// keys are the hints below the screen.
	keys() string
}

// asker asks for one line of text.
type asker struct {
	name  string
	about []string // sentences above the line
	in    textinput.Model
	done  func(m *Model, text string) tea.Cmd
}

// ask opens a dialog for one line of text.
func (m *Model) ask(name, value string, about []string, done func(m *Model, text string) tea.Cmd) {
	in := m.input("> ")
	in.SetValue(value)
	m.dialog = &asker{name: name, about: about, in: in, done: done}
}

func (a *asker) title() string { return a.name }

func (a *asker) keys() string { return "enter done · esc cancel" }

func (a *asker) update(m *Model, msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "enter" {
		text := strings.TrimSpace(a.in.Value())
		m.dialog = nil
		if text == "" {
			return nil
		}
		return a.done(m, text)
	}
	var cmd tea.Cmd
	a.in, cmd = a.in.Update(msg)
	return cmd
}

func (a *asker) render(m *Model, width, _ int) ([]string, *tea.Cursor) {
	d := widget.NewDocument(m.p, width)
	for _, s := range a.about {
		d.Say(widget.ToneDim, s)
	}
	d.Gap()
	a.in.SetWidth(max(1, width-4))
	c := a.in.Cursor()
	if c != nil {
		c.Y += len(d.Lines)
	}
	return append(d.Lines, a.in.View()), c
}

// drawDialog puts the dialog's box over the screen.
func (m *Model) drawDialog(lines []string) *tea.Cursor {
	width := min(m.width-2, max(60, m.width*2/3))
	width = min(width, 100)
	height := m.height - 6
	if m.height < 2*widget.OneHeight {
		height = m.height - 1
	}
	if m.width < widget.OneWidth {
		width = m.width
	}
	inside, cursor := m.dialog.render(m, width-4, height-2)
	if len(inside) > height-2 {
		inside = inside[:height-2]
	}
	x := (m.width - width) / 2
	y := max(0, min(m.height/6, m.height-3-len(inside))) // the top stays where it is when the inside changes
	edge := m.p.In(widget.ToneFocus, "│")
	name := " " + m.dialog.title() + " "
	name = widget.Fit(inspect.Clean(name), min(width-4, ansi.StringWidth(inspect.Clean(name))))
	box := []string{m.p.In(widget.ToneFocus, "┌─"+name+strings.Repeat("─", max(0, width-3-ansi.StringWidth(name)))+"┐")}
	for _, l := range inside {
		box = append(box, edge+" "+widget.Pad(l, width-4)+" "+edge)
	}
	box = append(box, m.p.In(widget.ToneFocus, "└"+strings.Repeat("─", width-2)+"┘"))
	for i, l := range box {
		if at := y + i; at < len(lines)-1 {
			under := lines[at]
			lines[at] = ansi.Truncate(under, x, "") + l + ansi.TruncateLeft(under, x+width, "")
		}
	}
	if cursor != nil {
		cursor.X, cursor.Y = cursor.X+x+2, cursor.Y+y+1
	}
	return cursor
}
