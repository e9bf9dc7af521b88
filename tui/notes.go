package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
)

// askNote writes a note on a row.
func (m *Model) askNote(r row) {
	about := []string{"On: " + firstOf(r.value, "the case")}
	m.ask("Note", "", about, func(m *Model, text string) tea.Cmd {
		return m.note(inspect.Note{Subject: r.mark, Text: text})
	})
}

// keeping makes the event of something that a person says of the case.
type keeping func(ctx context.Context, c *inspect.Case) (inspect.Event, error)

// note keeps a note or a mark.
func (m *Model) note(n inspect.Note) tea.Cmd {
	return m.keep(func(ctx context.Context, c *inspect.Case) (inspect.Event, error) { return m.o.Note(ctx, c, n) })
}

// keep keeps what a person says, one after the other, in their order.
func (m *Model) keep(f keeping) tea.Cmd {
	s := m.open
	if s.noting {
		s.notes = append(s.notes, f)
		return nil
	}
	s.noting = true
	ctx, gen, copied := s.ctx, s.gen, s.snapshot()
	return work(func() tea.Msg {
		e, err := try(func() (inspect.Event, error) { return f(ctx, copied()) })
		return noteMsg{gen: gen, event: e, err: err}
	})
}

func (m *Model) noteCame(msg noteMsg) tea.Cmd {
	s := m.open
	if s == nil || s.gen != msg.gen {
		return nil
	}
	s.noting = false
	if msg.err != nil {
		m.fail("keeping what you said", msg.err)
		return m.nextNote()
	}
	s.c.Apply(msg.event)
	m.changed()
	m.info(keptText(msg.event))
	return m.nextNote()
}

// keptText says what was kept.
func keptText(e inspect.Event) string {
	k, isClock := e.Fact.(inspect.Clock)
	n, isNote := e.Fact.(inspect.Note)
	switch {
	case isClock && k.Withdrawn != nil:
		return "clock of " + k.Regime.Title() + " withdrawn; both stay in the record"
	case isClock:
		return "clock of " + k.Regime.Title() + " runs; 7 shows what is due"
	case isNote && n.Subject == inspect.SubjectRuntime:
		return "run-time state: " + n.Mark
	case isNote && n.Text == "":
		return firstOf("marked "+n.Mark, "mark taken away")
	default:
		return "note kept"
	}
}

// nextNote keeps what has waited longest.
func (m *Model) nextNote() tea.Cmd {
	s := m.open
	if s.noting || len(s.notes) == 0 {
		return nil
	}
	f := s.notes[0]
	s.notes = s.notes[1:]
	return m.keep(f)
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
