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
	// live has commands that wait for something parked, instead of run to their end.
	live   bool
	parked []chan tea.Msg
}

// newStoryModel starts as the program does: with the list, or with one case.
func newStoryModel(ctx context.Context, p *program) *Model {
	m := newModel(ctx, p.Options)
	m.after = func(time.Duration) tea.Cmd { return nil } // time stands still
	if p.source != nil {
		m.show(p, p.source)
	} else {
		m.browse(p)
	}
	return m
}

func tell(t *testing.T, p *program, width, height int) *story {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s := &story{t: t, m: newStoryModel(ctx, p), live: p.live}
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
	if !s.live {
		s.take(cmd())
		return
	}
	done := make(chan tea.Msg, 1)
	go func() { done <- cmd() }()
	select {
	case msg := <-done:
		s.take(msg)
	case <-time.After(100 * time.Millisecond):
		s.parked = append(s.parked, done)
	}
}

// take hands over what a command brought back.
func (s *story) take(msg tea.Msg) {
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

// until hands over what parked commands bring back, until the screen shows a text.
func (s *story) until(text string) *story {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for i, done := range s.parked {
			select {
			case msg := <-done:
				s.parked = append(s.parked[:i:i], s.parked[i+1:]...)
				s.take(msg)
			default:
				continue
			}
			break
		}
		if strings.Contains(s.screen(), text) {
			return s
		}
	}
	s.t.Fatalf("the screen never shows %q:\n%s", text, s.screen())
	return s
}

// selected is the selected row of the list on screen.
func (s *story) selected() string {
	for l := range strings.Lines(s.screen()) {
		if row, ok := strings.CutPrefix(l, "▸"); ok {
			return strings.TrimRight(row, "\n")
		}
	}
	return ""
}

// feed is a source that a test fills while it runs.
type feed[T any] chan T

func (f feed[T]) source(first ...T) func(ctx context.Context, emit func(T)) error {
	return func(ctx context.Context, emit func(T)) error {
		for _, item := range first {
			emit(item)
		}
		for {
			select {
			case item, ok := <-f:
				if !ok {
					return nil
				}
				emit(item)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
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
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab},
		"space": {Code: tea.KeySpace, Text: " "},
		"up":    {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft},
		"right":  {Code: tea.KeyRight},
		"pgdown": {Code: tea.KeyPgDown}, "pgup": {Code: tea.KeyPgUp},
		"ctrl+alt+c": {Code: 'c', Mod: tea.ModCtrl | tea.ModAlt},
		"ctrl+c":     {Code: 'c', Mod: tea.ModCtrl}, "ctrl+d": {Code: 'd', Mod: tea.ModCtrl},
		"ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
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
			s.t.Errorf("the screen does not show %q:\n%s", text, screen)
		}
	}
	return s
}

func (s *story) seesNot(text string) *story {
	s.t.Helper()
	if screen := s.screen(); strings.Contains(screen, text) {
		s.t.Errorf("the screen shows %q:\n%s", text, screen)
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
