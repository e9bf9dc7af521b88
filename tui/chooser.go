package tui

import (
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/tui/widget"
)

// chooser asks for one row of a list; typing filters it.
type chooser struct {
	name  string
	about string
	list  widget.List[choice]
	in    textinput.Model
	done  func(m *Model, id string) tea.Cmd
	words func(typed string) string // that filter, of what was typed; nil: all
}

func (m *Model) choose(name, about string, all []choice, done func(m *Model, id string) tea.Cmd) {
	c := &chooser{name: name, about: about, in: m.input("> "), done: done, list: widget.List[choice]{Paint: m.p}}
	c.list.Set(all)
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
			c.list.Move(-1)
			return nil
		case "down", "ctrl+n", "ctrl+j":
			c.list.Move(1)
			return nil
		case "enter":
			r, ok := c.list.Selected()
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
	c.list.SetFilter(typed)
	return cmd
}

func (c *chooser) render(m *Model, width, height int) ([]string, *tea.Cursor) {
	d := widget.NewDocument(m.p, width)
	if c.about != "" {
		d.Say(widget.ToneDim, c.about)
	}
	c.in.SetWidth(max(1, width-4))
	cursor := c.in.Cursor()
	if cursor != nil {
		cursor.Y += len(d.Lines)
	}
	lines := append(d.Lines, c.in.View())
	if c.list.Len() == 0 {
		return append(lines, m.p.In(widget.ToneDim, "nothing fits")), cursor
	}
	if r, ok := c.list.Selected(); ok && r.detail != nil && height > 16 {
		under := widget.NewDocument(m.p, width)
		under.Gap()
		r.detail(under)
		h := min(c.list.Len(), 8)
		c.list.Seek(c.list.Len(), h)
		lines = append(lines, c.list.Draw(&c.list, width, h, true)...)
		return append(append(lines, ""), under.Lines...), cursor
	}
	h := max(1, height-len(lines))
	c.list.Seek(c.list.Len(), h)
	return append(lines, c.list.Draw(&c.list, width, h, true)...), cursor
}
