package caseview

import (
	"cmp"
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/shell"
)

// adds makes the event of something that a person adds to the case. It runs outside of Update, with a copy of the
// case that it may keep.
type adds func(ctx context.Context, c *inspect.Case) (inspect.Event, error)

// addedMsg brings the event of what a person added.
type addedMsg struct {
	gen   int
	event inspect.Event
	err   error
}

// add adds what a person says to the case: one thing after the other, in their order. Two marks in quick succession
// must not overtake each other: the last one counts.
func (s *Screen) add(f adds) tea.Cmd {
	if s.adding {
		s.waiting = append(s.waiting, f)
		return nil
	}
	s.adding = true
	ctx, gen, copied := s.ctx, s.gen, s.snapshot()
	return shell.Work(func() tea.Msg {
		e, err := shell.Try(func() (inspect.Event, error) { return f(ctx, copied()) })
		return addedMsg{gen: gen, event: e, err: err}
	})
}

// onAdded folds what was added, and adds what waits next. A failure loses nothing of what waits. The event is folded
// at once, and not only when the source emits it: a saved case has no source.
func onAdded(s *Screen, msg addedMsg) tea.Cmd {
	if s.gen != msg.gen {
		return nil
	}
	s.adding = false
	if msg.err != nil {
		s.shell.Fail("adding to the case", msg.err)
	} else {
		s.c.Apply(msg.event)
		s.changed()
		s.shell.Info(addedText(msg.event))
	}
	if len(s.waiting) == 0 {
		return nil
	}
	f := s.waiting[0]
	s.waiting = s.waiting[1:]
	return s.add(f)
}

// addedText is what was added, in words. Deadlines are named by their law, runtime state by what became of it.
func addedText(e inspect.Event) string {
	n, k := noteOf(e), clockOf(e)
	switch {
	case k != nil && k.Withdrawn != nil:
		return "deadlines of " + respond.Title(k.Regime) + " withdrawn; both stay in the record"
	case k != nil:
		return "deadlines of " + respond.Title(k.Regime) + " started; 7 shows what is due"
	case n != nil && n.Subject == inspect.SubjectRuntime:
		return "runtime state: " + runtimeText(n.Mark)
	case n != nil && n.Text == "" && n.Mark == "":
		return "mark removed"
	case n != nil && n.Text == "":
		return "marked " + n.Mark
	default:
		return "note added"
	}
}

// addNote adds a note or a mark.
func addNote(s *Screen, n inspect.Note) tea.Cmd {
	backend := s.backend
	return s.add(func(ctx context.Context, c *inspect.Case) (inspect.Event, error) {
		return backend.AddNote(ctx, c, n)
	})
}

// runNote asks for a note on the selected row, or on the case where the row can hold none. An empty text is a cancel.
func runNote(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	s.shell.Ask("Note", "", []string{"On: " + cmp.Or(r.Value, "the case")}, func(text string) tea.Cmd {
		return addNote(s, inspect.Note{Subject: r.Mark, Text: text})
	})
	return nil
}

// whyNoMark is why the row cannot be marked.
func whyNoMark(s *Screen) string {
	if why := s.readOnly(); why != "" {
		return why
	}
	if r, ok := s.row(); !ok || r.Mark == "" {
		return "can't mark this row"
	}
	return ""
}

// runMark sets the next mark on the row: a mark is a note without a text, and the last one counts. Marks have no
// text, and so take no dialog: triage is one key per row.
func runMark(s *Screen, _ string) tea.Cmd {
	r, _ := s.row()
	return addNote(s, inspect.Note{Subject: r.Mark, Mark: nextMark(s.marks[r.Mark])})
}

// nextMark is the mark that space sets: malicious, benign, open, and malicious again.
func nextMark(now string) string {
	switch now {
	case "malicious":
		return "benign"
	case "benign":
		return "open"
	default:
		return "malicious"
	}
}
