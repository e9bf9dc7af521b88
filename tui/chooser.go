package tui

import (
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// chooser asks for one row of a list; typing filters it.
type chooser struct {
	name  string
	about string
	list  list[choice]
	in    textinput.Model
	done  func(m *Model, id string) tea.Cmd
	words func(typed string) string // that filter, of what was typed; nil: all
}

func (m *Model) choose(name, about string, all []choice, done func(m *Model, id string) tea.Cmd) {
	c := &chooser{name: name, about: about, in: m.input("> "), done: done, list: list[choice]{p: m.p}}
	c.list.set(all)
	m.dialog = c
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
			return c.done(m, r.id)
		}
	}
	var cmd tea.Cmd
	c.in, cmd = c.in.Update(msg)
	typed := c.in.Value()
	if c.words != nil {
		typed = c.words(typed)
	}
	c.list.setFilter(typed)
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
		h := min(c.list.Len(), 8)
		c.list.seek(c.list.Len(), h)
		lines = append(lines, c.list.draw(&c.list, width, h, true)...)
		return append(append(lines, ""), under.lines...), cursor
	}
	h := max(1, height-len(lines))
	c.list.seek(c.list.Len(), h)
	return append(lines, c.list.draw(&c.list, width, h, true)...), cursor
}
