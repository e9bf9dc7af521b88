package tui

import (
	"context"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
)

// dialog is a box over the screen. All keys go to it but ctrl+c.
type dialog interface {
	title() string
	// update takes a key or a paste. esc closes the dialog before it comes here.
	update(m *Model, msg tea.Msg) tea.Cmd
	// render draws the inside; the cursor is nil, or where the text goes.
	render(m *Model, width, height int) (lines []string, cursor *tea.Cursor)
	// keys are the hints below the screen.
	keys() string
}

// asker asks for one line of text.
type asker struct {
	name  string
	about []string // sentences above the line
	in    textinput.Model
	done  func(m *Model, text string) tea.Cmd
}

// ask opens a dialog for one line of text.
func (m *Model) ask(name, value string, about []string, done func(m *Model, text string) tea.Cmd) tea.Cmd {
	in := m.input("> ")
	in.SetValue(value)
	m.dialog = &asker{name: name, about: about, in: in, done: done}
	return nil
}

func (a *asker) title() string { return a.name }
func (a *asker) keys() string  { return "enter done · esc cancel" }

func (a *asker) update(m *Model, msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "enter" {
		text := strings.TrimSpace(a.in.Value())
		m.dialog = nil
		if text == "" {
			return nil
		}
		return a.done(m, text)
	}
	var cmd tea.Cmd
	a.in, cmd = a.in.Update(msg)
	return cmd
}

func (a *asker) render(m *Model, width, _ int) ([]string, *tea.Cursor) {
	d := newDocument(m.p, width)
	for _, s := range a.about {
		d.say(toneDim, s)
	}
	d.gap()
	a.in.SetWidth(max(1, width-4))
	c := a.in.Cursor()
	if c != nil {
		c.Y += len(d.lines)
	}
	return append(d.lines, a.in.View()), c
}

// chooser asks for one row of a list; typing filters it.
type chooser struct {
	name  string
	about string
	list  list
	in    textinput.Model
	done  func(m *Model, r row) tea.Cmd
}

func (m *Model) choose(name, about string, all []row, done func(m *Model, r row) tea.Cmd) tea.Cmd {
	c := &chooser{name: name, about: about, in: m.input("> "), done: done, list: list{p: m.p}}
	c.list.set(all)
	m.dialog = c
	return nil
}

func (c *chooser) title() string { return c.name }
func (c *chooser) keys() string {
	return "↑ ↓ move · type to filter · enter choose · esc cancel"
}

func (c *chooser) update(m *Model, msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "up", "ctrl+p", "ctrl+k":
			c.list.move(-1)
			return nil
		case "down", "ctrl+n", "ctrl+j":
			c.list.move(1)
			return nil
		case "enter":
			r, ok := c.list.selected()
			if !ok {
				return nil
			}
			m.dialog = nil
			return c.done(m, r)
		}
	}
	var cmd tea.Cmd
	c.in, cmd = c.in.Update(msg)
	c.list.setFilter(c.in.Value())
	return cmd
}

func (c *chooser) render(m *Model, width, height int) ([]string, *tea.Cursor) {
	d := newDocument(m.p, width)
	if c.about != "" {
		d.say(toneDim, c.about)
	}
	c.in.SetWidth(max(1, width-4))
	cursor := c.in.Cursor()
	if cursor != nil {
		cursor.Y += len(d.lines)
	}
	lines := append(d.lines, c.in.View())
	if c.list.Len() == 0 {
		return append(lines, m.p.in(toneDim, "nothing fits")), cursor
	}
	if r, ok := c.list.selected(); ok && r.detail != nil && height > 16 {
		under := newDocument(m.p, width)
		under.gap()
		r.detail(under)
		lines = append(lines, c.list.render(&c.list, width, min(c.list.Len(), 8), true)...)
		return append(append(lines, ""), under.lines...), cursor
	}
	return append(lines, c.list.render(&c.list, width, max(1, height-len(lines)), true)...), cursor
}

// reader shows a text to read: help.
type reader struct {
	name  string
	lines func(p *paint, width int) []string
	top   int
}

func (r *reader) title() string { return r.name }
func (r *reader) keys() string  { return "j k move · esc close" }

func (r *reader) update(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch k.String() {
	case "j", "down":
		r.top++
	case "k", "up":
		r.top--
	case "ctrl+d", "pgdown", "space":
		r.top += m.height / 2
	case "ctrl+u", "pgup":
		r.top -= m.height / 2
	case "g", "home":
		r.top = 0
	case "G", "end":
		r.top = 1 << 20
	case "?", "q", "enter":
		m.dialog = nil
	}
	return nil
}

func (r *reader) render(m *Model, width, height int) ([]string, *tea.Cursor) {
	lines := r.lines(m.p, width)
	r.top = min(max(0, r.top), max(0, len(lines)-height))
	return lines[r.top:min(len(lines), r.top+height)], nil
}

// askKnownGood offers the candidates; choosing one is what confirms it.
func (m *Model) askKnownGood() tea.Cmd {
	s := m.open
	var rows []row
	for _, c := range s.image().Candidates {
		rows = append(rows, row{
			id: c.Digest + c.Reference, find: c.Reference + " " + c.Digest + " " + c.Why, object: c,
			cells: func(w int) []cell {
				return []cell{{text: shortImage(c.Reference, c.Digest), width: -3}, {text: c.Why, tone: toneDim, width: -3}, {text: c.Confidence, tone: toneNote, width: 6}}
			},
			detail: func(d *document) {
				d.field("image", c.Reference)
				d.field("digest", c.Digest)
				d.field("why", c.Why)
				d.field("confidence", c.Confidence)
			},
		})
	}
	subject := s.subject
	about := "enter confirms, in your name, that this image is known to be good: what is the same as in it is then taken as good."
	return m.choose("Known-good of "+subject, about, rows, func(m *Model, r row) tea.Cmd {
		candidate, _ := r.object.(inspect.Candidate)
		return m.goOn("comparing with "+shortImage(candidate.Reference, candidate.Digest), func(ctx context.Context, c *inspect.Case) (inspect.Source, error) {
			return m.o.KnownGood(ctx, c, subject, candidate)
		})
	})
}

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

// askSave asks where the bytes on screen go. The name is never taken from the image.
func (m *Model) askSave(p part) tea.Cmd {
	hex := firstOf(p.entry.SHA256, shortDigest(p.digest), "object")
	name := fmt.Sprintf("backtrail-%.12s.bin", hex)
	if p.text != nil {
		name = "backtrail-object.json"
	}
	about := []string{"Saves " + p.name + ", all of it, not executable.", "Careful: these may be the attacker's bytes."}
	return m.ask("Save", name, about, func(m *Model, name string) tea.Cmd {
		ctx, store, save := m.ctx, m.o.Store, m.o.Save
		return work(func() tea.Msg {
			return doneMsg{text: "saving " + name, err: savePart(ctx, store, p, name, save)}
		})
	})
}
