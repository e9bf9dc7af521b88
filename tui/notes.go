package tui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

// askNote writes a note on a row.
func (m *Model) askNote(r row) tea.Cmd {
	about := []string{"On: " + firstOf(r.value, "the case")}
	return m.ask("Note", "", about, func(m *Model, text string) tea.Cmd {
		return m.note(inspect.Note{Subject: r.mark, Text: text})
	})
}

// note keeps a note or a mark.
func (m *Model) note(n inspect.Note) tea.Cmd {
	s := m.open
	ctx, gen, copied := s.ctx, s.gen, s.snapshot()
	return work(func() tea.Msg {
		e, err := m.o.Note(ctx, copied(), n)
		return noteMsg{gen: gen, event: e, err: err}
	})
}

func (m *Model) noteCame(msg noteMsg) tea.Cmd {
	s := m.open
	if s == nil || s.gen != msg.gen {
		return nil
	}
	if msg.err != nil {
		m.fail("keeping the note", msg.err)
		return nil
	}
	s.c.Apply(msg.event)
	m.changed()
	if n := msg.event.Note; n != nil && n.Text == "" {
		m.info(firstOf("marked "+n.Mark, "mark taken away"))
	} else {
		m.info("note kept")
	}
	return nil
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
