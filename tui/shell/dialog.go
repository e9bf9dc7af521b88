package shell

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/widget"
)

// Dialog is a box over the screen. All keys go to it but ctrl+c.
type Dialog interface {
	Title() string
	// Keys are the hints below the screen.
	Keys() string
	// Update takes a key or a paste.
	Update(msg tea.Msg) tea.Cmd
	// Cancel takes esc, and reports whether the dialog closes.
	Cancel() bool
	// Arrange fits the dialog into a box; it runs after each Update.
	Arrange(width, height int)
	// Draw gives the inside of the box; the cursor is nil, or where the text goes.
	Draw() (lines []string, cursor *tea.Cursor)
}

// Open shows a dialog.
func (s *Shell) Open(d Dialog) { s.Dialog = d }

// Close closes the dialog.
func (s *Shell) Close() { s.Dialog = nil }

// asker asks for one line of text.
type asker struct {
	shell *Shell
	name  string
	// about: sentences above the line
	about []string
	in    textinput.Model
	done  func(text string) tea.Cmd
	// lines: the sentences, wrapped
	lines []string
}

// Ask opens a dialog for one line of text. An empty line is taken as a cancel.
func (s *Shell) Ask(name, value string, about []string, done func(text string) tea.Cmd) {
	in := NewInput("> ")
	in.SetValue(value)
	s.Open(&asker{shell: s, name: name, about: about, in: in, done: done})
}

// Title is the question.
func (a *asker) Title() string { return a.name }

// Keys are the hints below the screen.
func (a *asker) Keys() string { return "enter done · esc cancel" }

// Cancel always closes.
func (a *asker) Cancel() bool { return true }

// Update takes a key.
func (a *asker) Update(msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "enter" {
		text := strings.TrimSpace(a.in.Value())
		a.shell.Close()
		if text == "" {
			return nil
		}
		return a.done(text)
	}
	var cmd tea.Cmd
	a.in, cmd = a.in.Update(msg)
	return cmd
}

// Arrange wraps the sentences.
func (a *asker) Arrange(width, _ int) {
	d := widget.NewDocument(a.shell.Paint, width)
	for _, s := range a.about {
		d.Say(widget.ToneDim, s)
	}
	d.Gap()
	a.lines = d.Lines
	a.in.SetWidth(max(1, width-4))
}

// Draw gives the sentences and the line below them.
func (a *asker) Draw() ([]string, *tea.Cursor) { return WithInput(a.lines, a.in) }

// WithInput puts a line to type into below others, with its cursor.
func WithInput(lines []string, in textinput.Model) ([]string, *tea.Cursor) {
	c := in.Cursor()
	if c != nil {
		c.Y += len(lines)
	}
	return append(lines[:len(lines):len(lines)], in.View()), c
}
