package tui

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "write the golden files anew")

// story drives a model as a person would, and runs its commands at once.
type story struct {
	t *testing.T
	m *Model
	// copied is what was last put on the clipboard.
	copied string
	quit   bool
}

func tell(t *testing.T, o Options, width, height int) *story {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s := &story{t: t, m: New(ctx, o)}
	s.m.after = func(time.Duration) tea.Cmd { return nil } // time stands still
	s.send(tea.WindowSizeMsg{Width: width, Height: height})
	s.do(s.m.Init())
	return s
}

func (s *story) send(msg tea.Msg) {
	_, cmd := s.m.Update(msg)
	s.do(cmd)
}

// do runs a command and what follows from it.
func (s *story) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	msg := cmd()
	switch msg := msg.(type) {
	case nil, tickMsg:
		return
	case tea.BatchMsg:
		for _, c := range msg {
			s.do(c)
		}
		return
	case tea.QuitMsg:
		s.quit = true
		return
	}
	if reflect.TypeOf(msg).Kind() == reflect.String {
		s.copied = reflect.ValueOf(msg).String()
		return
	}
	s.send(msg)
}

// press presses keys, named as bubbletea names them.
func (s *story) press(keys ...string) *story {
	for _, k := range keys {
		s.send(keyPress(k))
	}
	return s
}

func (s *story) write(text string) *story {
	for _, r := range text {
		s.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return s
}

func keyPress(k string) tea.KeyPressMsg {
	special := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "space": {Code: tea.KeySpace, Text: " "},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
		"ctrl+alt+c": {Code: 'c', Mod: tea.ModCtrl | tea.ModAlt},
		"ctrl+c":     {Code: 'c', Mod: tea.ModCtrl}, "ctrl+d": {Code: 'd', Mod: tea.ModCtrl}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
	}
	if m, ok := special[k]; ok {
		return m
	}
	return tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
}

// screen is what is seen, without colours.
func (s *story) screen() string { return ansi.Strip(s.m.View().Content) }

func (s *story) sees(texts ...string) *story {
	s.t.Helper()
	screen := s.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			s.t.Errorf("the screen does not say %q:\n%s", text, screen)
		}
	}
	return s
}

func (s *story) seesNot(text string) *story {
	s.t.Helper()
	if screen := s.screen(); strings.Contains(screen, text) {
		s.t.Errorf("the screen says %q:\n%s", text, screen)
	}
	return s
}

// golden compares with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is another (renew with -update and look at it):\n%s", path, got)
	}
}
