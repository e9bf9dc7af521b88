package shell

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
	"github.com/charmbracelet/x/ansi"
)

// newShell is a shell of 80 × 24 cells.
func newShell(t *testing.T) *Shell {
	t.Helper()
	s := New(t.Context(), widget.NewPaint(true, false, false), time.Date(2026, 3, 14, 3, 20, 0, 0, time.UTC))
	s.Width, s.Height = 80, 24
	return s
}

// press presses keys in the dialog, and gives what the last one brought.
func press(s *Shell, keys ...string) (cmd tea.Cmd) {
	special := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "up": {Code: tea.KeyUp},
		"down": {Code: tea.KeyDown},
	}
	for _, k := range keys {
		msg, ok := special[k]
		if !ok {
			msg = tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
		}
		cmd = s.Dialog.Update(msg)
		if s.Dialog != nil {
			s.Dialog.Arrange(60, 20)
		}
	}
	return cmd
}

// shown is the inside of the dialog, without colors.
func shown(s *Shell) string {
	s.Dialog.Arrange(60, 20)
	lines, _ := s.Dialog.Draw()
	return ansi.Strip(strings.Join(lines, "\n"))
}

func TestErrorsWaitAndOtherNoticesReplaceEachOther(t *testing.T) {
	s := newShell(t)
	s.Info("one")
	s.Info("two")
	if s.Notice.Text != "two" || len(s.Errors) != 0 {
		t.Errorf("the notice is %q, %d errors wait", s.Notice.Text, len(s.Errors))
	}
	s.Fail("reading", errors.New("no answer"))
	s.Fail("reading", errors.New("no answer"))
	if len(s.Errors) != 1 || s.Errors[0].Text != "reading: no answer" {
		t.Errorf("the errors are %v", s.Errors)
	}
	if s.Notice.Text != "two" {
		t.Errorf("an error has replaced the notice: %q", s.Notice.Text)
	}
}

func TestNoticesAreBounded(t *testing.T) {
	s := newShell(t)
	for i := range maxNotices + 50 {
		s.Fail("checking", fmt.Errorf("error %d", i))
	}
	if len(s.Notices) != maxNotices || len(s.Errors) != maxErrors {
		t.Errorf("%d notices and %d errors are kept", len(s.Notices), len(s.Errors))
	}
	last := s.Notices[len(s.Notices)-1]
	if !strings.HasSuffix(last.Text, fmt.Sprint(maxNotices+49)) {
		t.Errorf("the newest notice is %q", last.Text)
	}
}

func TestANoticeThatWasShownIsKnown(t *testing.T) {
	s := newShell(t)
	n := inspect.Notice{Level: LevelWarning, Text: "listing all namespaces is forbidden"}
	if s.Shown(n) {
		t.Error("a notice was shown before it came")
	}
	if s.Notify(n); !s.Shown(n) {
		t.Error("a notice that was shown is not known")
	}
}

func TestGenerationsDiffer(t *testing.T) {
	s := newShell(t)
	if a, b := s.NextGeneration(), s.NextGeneration(); a == b || a == 0 {
		t.Errorf("generations %d and %d", a, b)
	}
}

func TestAskHandsOverALine(t *testing.T) {
	s, got := newShell(t), ""
	s.Ask("Note", "", []string{"On: the row"}, func(text string) tea.Cmd {
		got = text
		return nil
	})
	if text := shown(s); !strings.Contains(text, "On: the row") || !strings.Contains(text, "> ") {
		t.Errorf("the dialog shows\n%s", text)
	}
	press(s, "h", "i", " ", "enter")
	if got != "hi" || s.Dialog != nil {
		t.Errorf("got %q, the dialog is %v", got, s.Dialog)
	}
}

func TestAskTakesAnEmptyLineAsACancel(t *testing.T) {
	s := newShell(t)
	s.Ask("Save", "", nil, func(string) tea.Cmd {
		t.Error("an empty line was taken")
		return nil
	})
	press(s, " ", "enter")
	if s.Dialog != nil {
		t.Error("the dialog is still open")
	}
}

// choices are some lines of a chooser.
func choices(names ...string) []Choice {
	var all []Choice
	for _, n := range names {
		all = append(all, Choice{ID: n, Text: n, Line: func(int) []widget.Cell {
			return []widget.Cell{{
				Text:  n,
				Width: -1,
			}}
		}})
	}
	return all
}

func TestChooseHandsOverWhatIsSelected(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"enter"}, "alpha "},
		{[]string{"down", "enter"}, "beta "},
		{[]string{"down", "down", "down", "up", "enter"}, "beta "},
		{[]string{"g", "a", "enter"}, "gamma ga"},
	} {
		s, got := newShell(t), ""
		s.Choose(Chooser{
			Name: "Greek", Choices: choices("alpha", "beta", "gamma"),
			Done: func(id, typed string) tea.Cmd {
				got = id + " " + typed
				return nil
			},
		})
		if press(s, c.keys...); got != c.want || s.Dialog != nil {
			t.Errorf("%v chooses %q, want %q", c.keys, got, c.want)
		}
	}
}

func TestChooseWithoutAMatchStaysOpen(t *testing.T) {
	s := newShell(t)
	s.Choose(Chooser{Name: "Greek", Choices: choices("alpha"), Done: func(string, string) tea.Cmd {
		t.Error("something was chosen")
		return nil
	}})
	press(s, "x", "enter")
	if s.Dialog == nil || !strings.Contains(shown(s), "no match") {
		t.Error("the dialog does not say that nothing matches")
	}
}

func TestChoosePutsTheBestFirst(t *testing.T) {
	s, chosen := newShell(t), ""
	byLength := func(typed string, c Choice) int {
		if !strings.Contains(c.ID, typed) {
			return -1
		}
		return len(c.ID) - len(typed)
	}
	s.Choose(Chooser{
		Choices: choices("commute", "aware", "mute"), Rank: byLength,
		Done: func(id, _ string) tea.Cmd { chosen = id; return nil },
	})
	press(s, "m", "u", "t", "e")
	if text := shown(s); strings.Contains(text, "aware") ||
		strings.Index(text, "mute") > strings.Index(text, "commute") {
		t.Errorf("the dialog shows\n%s", text)
	}
	if press(s, "enter"); chosen != "mute" {
		t.Errorf("chosen is %q", chosen)
	}
}

func TestChooseShowsTheDetailOfTheSelectedLine(t *testing.T) {
	s := newShell(t)
	all := choices("alpha", "beta")
	for i := range all {
		all[i].Detail = func(d *widget.Document) { d.Say(widget.TonePlain, "about "+all[i].ID) }
	}
	s.Choose(Chooser{About: "Which one?", Choices: all, Done: func(string, string) tea.Cmd { return nil }})
	if text := shown(s); !strings.Contains(text, "Which one?") || !strings.Contains(text, "about alpha") {
		t.Errorf("the dialog shows\n%s", text)
	}
	if press(s, "down"); !strings.Contains(shown(s), "about beta") {
		t.Errorf("the dialog shows\n%s", shown(s))
	}
}

func TestReadScrolls(t *testing.T) {
	s := newShell(t)
	s.Read("Help", func(d *widget.Document) {
		for i := range 100 {
			d.Say(widget.TonePlain, fmt.Sprint("line ", i))
		}
	})
	for _, c := range []struct{ key, first string }{
		{"j", "line 1"}, {"k", "line 0"}, {"k", "line 0"}, {"G", "line 80"}, {"j", "line 80"}, {"g", "line 0"},
	} {
		press(s, c.key)
		if got, _, _ := strings.Cut(shown(s), "\n"); strings.TrimSpace(got) != c.first {
			t.Errorf("after %s the first line is %q, want %q", c.key, got, c.first)
		}
	}
	if press(s, "q"); s.Dialog != nil {
		t.Error("q does not close the text")
	}
}

func TestAPanicOfACommandIsANotice(t *testing.T) {
	msg := Work(func() tea.Msg { panic("index out of range") })()
	n, ok := msg.(NoticeMsg)
	if !ok || n.Notice.Level != LevelError || !strings.Contains(n.Notice.Text, "index out of range") {
		t.Errorf("the command brought %v", msg)
	}
	if got := Work(func() tea.Msg { return 7 })(); got != 7 {
		t.Errorf("a command without a panic brought %v", got)
	}
}

func TestTryGivesAPanicAsAnError(t *testing.T) {
	_, err := Try(func() (int, error) { panic("nil map") })
	if err == nil || !strings.Contains(err.Error(), "nil map") {
		t.Errorf("the error is %v", err)
	}
	if n, err := Try(func() (int, error) { return 3, nil }); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAPumpCarriesAllItemsInFewBatches(t *testing.T) {
	s := newShell(t)
	p := Start(t.Context(), s, func(_ context.Context, emit func(int)) error {
		for i := range 50_000 {
			emit(i)
		}
		return errors.New("the end")
	})
	next, batches := 0, 0
	for {
		items, ended, err := p.Next()
		for _, n := range items {
			if n != next {
				t.Fatalf("item %d came in place of %d", n, next)
			}
			next++
		}
		if batches++; ended {
			if err == nil || err.Error() != "the end" {
				t.Errorf("the source ended with %v", err)
			}
			break
		}
	}
	if next != 50_000 || batches > 200 {
		t.Errorf("%d items in %d batches", next, batches)
	}
}

func TestAPanicOfASourceIsItsError(t *testing.T) {
	p := Start(t.Context(), newShell(t), func(context.Context, func(int)) error { panic("nil pointer") })
	for {
		if _, ended, err := p.Next(); ended {
			if err == nil || !strings.Contains(err.Error(), "nil pointer") {
				t.Errorf("the source ended with %v", err)
			}
			return
		}
	}
}

func TestWaitWaitsForSourcesButNotForever(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, wrote := newShell(t), make(chan string, 1)
	Start(ctx, s, func(ctx context.Context, _ func(int)) error {
		<-ctx.Done()
		wrote <- "interrupted"
		return ctx.Err()
	})
	if began := time.Now(); true {
		s.Wait(20 * time.Millisecond)
		if time.Since(began) > 5*time.Second {
			t.Error("it waited for a source that does not end")
		}
	}
	cancel()
	s.Wait(10 * time.Second)
	select {
	case <-wrote:
	default:
		t.Error("it did not wait for the source to write down how it ended")
	}
}

func TestAVerbIsBoundToItsScreen(t *testing.T) {
	v := Verb[*int]{
		Why: func(n *int) string { return map[bool]string{true: "it is zero"}[*n == 0] },
		Run: func(n *int, arg string) tea.Cmd { *n += len(arg); return nil },
	}
	n := 0
	a := v.Bind(&n)
	if a.Why() != "it is zero" {
		t.Errorf("it is disabled because %q", a.Why())
	}
	a.Run("abc")
	if n != 3 || a.Why() != "" {
		t.Errorf("after the run %d, disabled because %q", n, a.Why())
	}
	if always := (Verb[*int]{}).Bind(&n); always.Why() != "" {
		t.Error("a verb without a reason is disabled")
	}
}
