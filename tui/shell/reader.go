package shell

import (
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/widget"
)

// reader shows a text to read.
type reader struct {
	shell  *Shell
	name   string
	write  func(d *widget.Document)
	page   widget.Page
	height int
}

// Read opens a dialog with a text.
func (s *Shell) Read(name string, write func(d *widget.Document)) {
	s.Open(&reader{shell: s, name: name, write: write})
}

// Title names the text.
func (r *reader) Title() string { return r.name }

// Keys are the hints below the screen.
func (r *reader) Keys() string { return "j k move · space page · esc close" }

// Cancel always closes.
func (r *reader) Cancel() bool { return true }

// Update takes a key.
func (r *reader) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	page := max(1, r.height)
	switch k.String() {
	case "j", "down":
		r.page.Move(1)
	case "k", "up":
		r.page.Move(-1)
	case "pgdown", "space":
		r.page.Move(page)
	case "pgup":
		r.page.Move(-page)
	case "ctrl+d":
		r.page.Move(max(1, page/2))
	case "ctrl+u":
		r.page.Move(-max(1, page/2))
	case "g", "home":
		r.page.Top = 0
	case "G", "end":
		r.page.Top = len(r.page.Lines)
	case "?", "q", "enter":
		r.shell.Close()
	}
	return nil
}

// Arrange wraps the text.
func (r *reader) Arrange(width, height int) {
	d := widget.NewDocument(r.shell.Paint, width)
	r.write(d)
	r.page.Lines, r.height = d.Lines, height
	r.page.Fit(height)
}

// Draw gives the part of the text that is visible.
func (r *reader) Draw() ([]string, *tea.Cursor) {
	return r.page.Lines[r.page.Top:min(len(r.page.Lines), r.page.Top+r.height)], nil
}
