package tui

import (
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

// note keeps a note or a mark. Notes are kept one after the other, in their order.
func (m *Model) note(n inspect.Note) tea.Cmd {
	s := m.open
	if s.noting {
		s.notes = append(s.notes, n)
		return nil
	}
	s.noting = true
	ctx, gen, copied := s.ctx, s.gen, s.snapshot()
	return work(func() tea.Msg {
		e, err := try(func() (inspect.Event, error) { return m.o.Note(ctx, copied(), n) })
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
		m.fail("keeping the note", msg.err)
		return m.nextNote()
	}
	s.c.Apply(msg.event)
	m.changed()
	if n := msg.event.Note; n != nil && n.Text == "" {
		m.info(firstOf("marked "+n.Mark, "mark taken away"))
	} else {
		m.info("note kept")
	}
	return m.nextNote()
}

// nextNote keeps the note that has waited longest.
func (m *Model) nextNote() tea.Cmd {
	s := m.open
	if s.noting || len(s.notes) == 0 {
		return nil
	}
	n := s.notes[0]
	s.notes = s.notes[1:]
	return m.note(n)
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
