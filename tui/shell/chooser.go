package shell

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/tui/widget"
)

// Choice is one line of a chooser.
type Choice struct {
	// ID: what Done gets
	ID string
	// Text: what typing filters by
	Text string
	Line func(width int) []widget.Cell
	// Detail: shown below the list; nil: nothing
	Detail func(d *widget.Document)
}

// Key is the identity of the choice.
func (c Choice) Key() string { return c.ID }

// Find is the text that typing filters by.
func (c Choice) Find() string { return c.Text }

// Cells draw the choice.
func (c Choice) Cells(width int) []widget.Cell { return c.Line(width) }

// Chooser asks for one row of a list; typing filters it.
type Chooser struct {
	Name string
	// About: above the list
	About   string
	Choices []Choice
	Done    func(id, typed string) tea.Cmd
	// Rank: how well a choice fits what was typed, 0 for the best; below 0: not at all. nil: choices that contain all
	// the words, in their order
	Rank func(typed string, c Choice) int
	// Back: the dialog that esc leads back to; nil: none
	Back Dialog
}

const (
	// boxes higher than this show the detail of the selected choice
	detailHeight = 16
	// choices that are visible above the detail
	detailRows = 8
)

// chooser is an open Chooser.
type chooser struct {
	Chooser
	shell *Shell
	list  widget.List[Choice]
	in    textinput.Model
	width int
	// rows: of the list that are visible
	rows int
	// above: the sentences, wrapped
	above []string
	// below: the detail
	below []string
}

// Choose opens a dialog with a list.
func (s *Shell) Choose(c Chooser) {
	d := &chooser{Chooser: c, shell: s, in: NewInput("> ")}
	d.list.Paint = s.Paint
	d.list.Set(c.Choices)
	s.Open(d)
}

// Title is the question.
func (c *chooser) Title() string { return c.Name }

// Keys are the hints below the screen.
func (c *chooser) Keys() string {
	return "↑ ↓ move · type to filter · enter choose · esc cancel"
}

// Cancel closes, or goes back to the dialog before.
func (c *chooser) Cancel() bool {
	if c.Back == nil {
		return true
	}
	c.shell.Open(c.Back)
	return false
}

// Update takes a key.
func (c *chooser) Update(msg tea.Msg) tea.Cmd {
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
			c.shell.Close()
			return c.Done(r.ID, c.in.Value())
		}
	}
	var cmd tea.Cmd
	before := c.in.Value()
	c.in, cmd = c.in.Update(msg)
	if typed := c.in.Value(); typed != before && c.Rank != nil {
		c.list.Set(ranked(c.Choices, typed, c.Rank))
		c.list.MoveTo(0)
	} else if typed != before {
		c.list.SetFilter(typed)
	}
	return cmd
}

// ranked are the choices that fit what was typed, the best first; without anything typed all of them, in their order.
func ranked(all []Choice, typed string, rank func(string, Choice) int) []Choice {
	typed = strings.ToLower(strings.TrimSpace(typed))
	if typed == "" {
		return all
	}
	ranks := map[string]int{}
	var fit []Choice
	for _, c := range all {
		if r := rank(typed, c); r >= 0 {
			ranks[c.ID] = r
			fit = append(fit, c)
		}
	}
	slices.SortStableFunc(fit, func(a, b Choice) int { return ranks[a.ID] - ranks[b.ID] })
	return fit
}

// Arrange gives the list and the detail their rows.
func (c *chooser) Arrange(width, height int) {
	d := widget.NewDocument(c.shell.Paint, width)
	if c.About != "" {
		d.Say(widget.ToneDim, c.About)
	}
	c.width, c.above, c.below = width, d.Lines, nil
	c.in.SetWidth(max(1, width-4))
	c.rows = max(1, height-len(c.above)-1)
	if r, ok := c.list.Selected(); ok && r.Detail != nil && height > detailHeight {
		under := widget.NewDocument(c.shell.Paint, width)
		r.Detail(under)
		c.rows, c.below = min(c.list.Len(), detailRows), append([]string{""}, under.Lines...)
	}
	c.list.Seek(c.list.Len(), c.rows)
}

// Draw gives the line to type into, the list and the detail.
func (c *chooser) Draw() ([]string, *tea.Cursor) {
	lines, cursor := WithInput(c.above, c.in)
	if c.list.Len() == 0 {
		return append(lines, c.shell.Paint.In(widget.ToneDim, "no match")), cursor
	}
	lines = append(lines, c.list.Draw(&c.list, c.width, c.rows, true)...)
	return append(lines, c.below...), cursor
}
