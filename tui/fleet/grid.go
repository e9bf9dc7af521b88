package fleet

import (
	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// grid is what both screens have in common: a list with its filter, the detail of the selected row, and how one moves
// in them.
type grid struct {
	shell *shell.Shell
	view  func(parts []viewer.Part) tea.Cmd
	list  widget.List[row]
	focus widget.Region
	// zoom: the region with the focus has all of the screen
	zoom   bool
	places widget.Places
	detail widget.Page
	// filling: rows still come in
	filling bool
	// about: key of the row that the detail is of
	about string

	// title: of the list, for a width
	title func() string
	// names: of the columns; nil where there is no room for them
	names func(width int) []widget.Cell
	// empty: why there are no rows, while no filter hides them
	empty func() (string, widget.Tone)
	// filtered: makes the rows anew where a filter opens what is folded; nil: it changes nothing
	filtered func()
}

// gridVerbs are the commands of both screens, by their names in the table of keys.
func gridVerbs() map[string]shell.Verb[*grid] {
	return map[string]shell.Verb[*grid]{
		"back": {Why: whyNoBack, Run: runBack},
		"left": {Run: func(g *grid, _ string) tea.Cmd {
			g.focus = widget.RegionList
			return nil
		}},
		"right": {Run: func(g *grid, _ string) tea.Cmd {
			g.focus = widget.RegionDetail
			return nil
		}},
		"focus":    {Run: runFocus},
		"next":     {Why: whyNoNext, Run: func(g *grid, _ string) tea.Cmd { return g.next(1) }},
		"previous": {Why: whyNoNext, Run: func(g *grid, _ string) tea.Cmd { return g.next(-1) }},
		"zoom": {Run: func(g *grid, key string) tea.Cmd {
			g.zoom = key != "_"
			return nil
		}},
		"raw":  {Why: whyNoRaw, Run: runRaw},
		"copy": {Why: whyNoCopy, Run: runCopy},
	}
}

// action gives a command that both screens have; false for any other.
func (g *grid) action(name string) (shell.Action, bool) {
	v, ok := gridVerbs()[name]
	if !ok {
		return shell.Action{}, false
	}
	return v.Bind(g), true
}

// whyNoBack is why esc does nothing on this screen; the shell then goes back to the one below. It never quits: whoever
// presses it once too often stays in the program.
func whyNoBack(g *grid) string {
	if g.list.Filter() == "" && g.focus == widget.RegionList && !g.zoom {
		return "nothing to go back to; q quits"
	}
	return ""
}

// runBack clears the filter, else leaves the zoom, else goes from the detail to the list.
func runBack(g *grid, _ string) tea.Cmd {
	switch {
	case g.list.Filter() != "":
		return g.SetFilter("")
	case g.zoom:
		g.zoom = false
	default:
		g.focus = widget.RegionList
	}
	return nil
}

// runFocus changes between list and detail.
func runFocus(g *grid, _ string) tea.Cmd {
	if g.focus == widget.RegionList {
		g.focus = widget.RegionDetail
		return nil
	}
	g.focus = widget.RegionList
	return nil
}

// whyNoNext is why there is no next match.
func whyNoNext(g *grid) string {
	if g.list.Filter() == "" {
		return "no filter is set; / sets one"
	}
	return ""
}

// next goes to the next row that matches the filter, around the end.
func (g *grid) next(by int) tea.Cmd {
	if n := g.list.Len(); n > 0 {
		g.list.MoveTo(((g.list.At+by)%n + n) % n)
	}
	return nil
}

// whyNoRaw is why there is no object to show.
func whyNoRaw(g *grid) string {
	if r, ok := g.list.Selected(); !ok || r.object == nil {
		return "nothing is behind this row"
	}
	return ""
}

// runRaw shows what is behind the row as JSON.
func runRaw(g *grid, _ string) tea.Cmd {
	r, _ := g.list.Selected()
	return g.view(viewer.Object(r.object))
}

// whyNoCopy is why there is nothing to copy.
func whyNoCopy(g *grid) string {
	if r, ok := g.list.Selected(); !ok || r.value == "" {
		return "this row has no value"
	}
	return ""
}

// runCopy copies the value of the row through the terminal (OSC 52).
func runCopy(g *grid, _ string) tea.Cmd {
	r, _ := g.list.Selected()
	g.shell.Info("copied: " + text.Clean(r.value))
	return tea.SetClipboard(r.value)
}

// Move goes down by so many rows in the region that has the focus, or up.
func (g *grid) Move(by int) tea.Cmd {
	if g.focus == widget.RegionDetail {
		g.detail.Move(by)
		return nil
	}
	g.list.Move(by)
	return nil
}

// Scroll goes down by so many pages of the detail, from the list too, or up; where there is none, of the list.
func (g *grid) Scroll(pages int) tea.Cmd {
	if g.places.Detail.Empty() {
		g.list.Move(pages * g.Rows())
		return nil
	}
	g.detail.Move(pages * max(1, g.places.Detail.H-1))
	return nil
}

// Rows is the height of the region with the focus, without its title.
func (g *grid) Rows() int { return max(1, g.places.Body(g.focus).H-1) }

// Click selects the row at a cell of the terminal, or gives a region the focus.
func (g *grid) Click(x, y int) tea.Cmd {
	switch list := g.places.List; {
	case list.Contains(x, y):
		g.focus = widget.RegionList
		g.list.MoveTo(g.list.Top + y - list.Y - g.headRows(list))
	case g.places.Detail.Contains(x, y):
		g.focus = widget.RegionDetail
	}
	return nil
}

// Filter is that of the list.
func (g *grid) Filter() string { return g.list.Filter() }

// SetFilter filters the list. It holds for rows that come in later, and while none has come yet.
func (g *grid) SetFilter(text string) tea.Cmd {
	g.list.SetFilter(text)
	if g.filtered != nil {
		g.filtered()
	}
	return nil
}

// Load does nothing: what a screen shows is asked for when it opens.
func (g *grid) Load() tea.Cmd { return nil }

// Arrange places the regions, scrolls so that the selected row is in sight, and writes its detail.
func (g *grid) Arrange() {
	shape := widget.Shape{Share: 58, Stacked: true, Focus: g.focus, Zoom: g.zoom}
	if !g.filling {
		// a short list leaves its room to the detail, once no rows come in that would make it jump
		shape.Rows = g.list.Size() + 2
	}
	g.places = widget.Place(g.shell.Width, g.shell.Height, shape)
	list, detail := g.places.List, g.places.Detail
	g.list.Seek(g.list.Len(), list.H-g.headRows(list))
	g.detail.Lines = nil
	if r, ok := g.list.Selected(); ok && !detail.Empty() {
		if g.about != r.id {
			g.about, g.detail.Top = r.id, 0
		}
		d := widget.NewDocument(g.shell.Paint, detail.W-1)
		r.detail(d)
		g.detail.Lines = d.Lines
	}
	g.detail.Fit(detail.H - 1)
}

// headRows counts the lines above the first row: the title, and the names of the columns where there is room.
func (g *grid) headRows(r widget.Rect) int {
	if g.list.Len() > 0 && g.names(r.W-3) != nil && r.H > 4 {
		return 2
	}
	return 1
}

// Draw gives the screen below the header.
func (g *grid) Draw() ([]string, *tea.Cursor) {
	p, list, detail := g.shell.Paint, g.places.List, g.places.Detail
	var lines []string
	var cursor *tea.Cursor
	if !list.Empty() {
		lines = append(lines, widget.Fill(g.drawList(list), list.W, list.H)...)
		cursor = shell.Cursor(0, list.Y+g.headRows(list)+g.list.At-g.list.Top)
	}
	if !detail.Empty() {
		focused := g.focus == widget.RegionDetail
		body := []string{p.TitleLine("Detail", detail.W, focused)}
		body = append(body, g.detail.Draw(p, detail.W, detail.H-1)...)
		lines = append(lines, widget.Fill(body, detail.W, detail.H)...)
		if focused {
			cursor = shell.Cursor(0, detail.Y+1)
		}
	}
	return lines, cursor
}

// drawList draws the title, which has the answer of the screen in one line, then the names of the columns and the
// rows. A filter stands in the title: what is hidden matters most.
func (g *grid) drawList(r widget.Rect) []string {
	p, focused := g.shell.Paint, g.focus == widget.RegionList
	lines := []string{p.TitleLine(text.Clean(g.title()), r.W, focused)}
	switch {
	case g.list.Size() == 0:
		d := widget.NewDocument(p, r.W-1)
		words, tone := g.empty()
		d.Say(tone, words)
		return append(lines, d.Lines...)
	case g.list.Len() == 0:
		words := "no match among " + widget.Plural(g.list.Size(), "row") + "; esc clears the filter"
		return append(lines, p.In(widget.ToneDim, widget.Fit(words, r.W)))
	}
	if g.headRows(r) > 1 {
		names := append([]widget.Cell{{Width: 2}}, g.names(r.W-3)...)
		lines = append(lines, p.Line(r.W, widget.LookPlain, names...))
	}
	return append(lines, g.list.Draw(&g.list, r.W, r.H-len(lines), focused)...)
}

// newGrid makes the common part of a screen.
func newGrid(sh *shell.Shell, view func(parts []viewer.Part) tea.Cmd) grid {
	g := grid{shell: sh, view: view}
	g.list.Paint = sh.Paint
	g.list.Mark = func(r row) string { return r.mark }
	return g
}

// filterWords is what a title shows of the filter.
func (g *grid) filterWords() string {
	if g.list.Filter() == "" {
		return ""
	}
	return " · filter " + g.list.Filter() + ": " + widget.Plural(g.list.Len(), "row")
}
