package shell

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// progress is a dialog as that of a running export: it shows how far it is, and esc does not close it.
type progress struct{}

func (progress) Title() string                 { return "Export" }
func (progress) Keys() string                  { return "esc stop" }
func (progress) Update(tea.Msg) tea.Cmd        { return nil }
func (progress) Cancel() bool                  { return false }
func (progress) Arrange(int, int)              {}
func (progress) Draw() ([]string, *tea.Cursor) { return []string{"41%"}, nil }

// quits reports whether a command ends the program.
func quits(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	_, ok := cmd().(tea.QuitMsg)
	return ok
}

func TestQuittingDuringAnExportAsks(t *testing.T) {
	for _, c := range []struct {
		name  string
		keys  []string
		quits bool
	}{
		{"enter by a slip stays", []string{"enter"}, false},
		{"the second choice quits", []string{"down", "enter"}, true},
		{"down and up again stays", []string{"down", "up", "enter"}, false},
		{"q finds quit", []string{"q", "enter"}, true},
		{"st finds stay", []string{"s", "t", "enter"}, false},
		{"what fits nothing does nothing", []string{"x", "enter"}, false},
	} {
		s := newShell(t)
		s.AskQuit()
		if text := shown(s); !strings.Contains(text, "Quit now, without the bundle?") ||
			!strings.Contains(text, "stay until it is done") {
			t.Fatalf("the question is\n%s", text)
		}
		if got := quits(press(s, c.keys...)); got != c.quits {
			t.Errorf("%s: quits is %v", c.name, got)
		}
	}
}

// Whoever stays sees the progress again, by enter or by esc; without a dialog before, the screen.
func TestWhoStaysSeesTheProgressAgain(t *testing.T) {
	for _, before := range []Dialog{progress{}, nil} {
		s := newShell(t)
		s.Dialog = before
		s.AskQuit()
		press(s, "enter")
		if s.Dialog != before {
			t.Errorf("after enter the dialog is %T, not %T", s.Dialog, before)
		}
		s.AskQuit()
		if s.Dialog.Cancel() {
			s.Close() // as the terminal UI does it
		}
		if s.Dialog != before {
			t.Errorf("after esc the dialog is %T, not %T", s.Dialog, before)
		}
	}
}

// Every dialog has a title and the keys that close it.
func TestDialogsNameThemselvesAndTheirKeys(t *testing.T) {
	s := newShell(t)
	for _, c := range []struct {
		open        func()
		title, keys string
	}{
		{func() { s.Ask("Note", "", nil, nil) }, "Note", "enter done · esc cancel"},
		{func() { s.Choose(Chooser{Name: "Commands"}) }, "Commands", "↑ ↓ move · type to filter · enter choose · esc cancel"},
		{func() { s.Read("Keys", nil) }, "Keys", "j k move · space page · esc close"},
		{s.AskQuit, "An export runs", "↑ ↓ move · type to filter · enter choose · esc cancel"},
	} {
		s.Dialog = nil
		c.open()
		if s.Dialog.Title() != c.title || s.Dialog.Keys() != c.keys || !s.Dialog.Cancel() {
			t.Errorf("%q with keys %q, want %q with %q", s.Dialog.Title(), s.Dialog.Keys(), c.title, c.keys)
		}
	}
}

// The cursor is where the next letter goes, and it does not blink: a repaint each half second wakes a laptop.
func TestTheCursorStandsBehindWhatWasTyped(t *testing.T) {
	s := newShell(t)
	s.Ask("Note", "", []string{"one line above"}, nil)
	s.Dialog.Arrange(60, 20)
	_, before := s.Dialog.Draw()
	press(s, "a", "b")
	_, after := s.Dialog.Draw()
	if before == nil || after == nil || after.X != before.X+2 || after.Y != before.Y || after.Y == 0 {
		t.Errorf("the cursor goes from %+v to %+v", before, after)
	}
	if c := Cursor(3, 4); c.X != 3 || c.Y != 4 || c.Blink {
		t.Errorf("a cursor at 3, 4 is %+v", c)
	}
}

// A paste into a dialog is text, whatever it contains: it neither answers nor quits.
func TestAPasteAnswersNothing(t *testing.T) {
	s := newShell(t)
	s.AskQuit()
	if cmd := s.Dialog.Update(tea.PasteMsg{Content: "quit\r\n"}); quits(cmd) || s.Dialog == nil {
		t.Error("a paste has quit")
	}
}
