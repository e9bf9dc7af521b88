package tui

import "github.com/backtrail/backtrail/tui/widget"

// scrolled shows a part of a text, and scrolls back where it ends above the given height.
func scrolled(p *widget.Paint, lines []string, top *int, width, height int) []string {
	page := widget.Page{Lines: lines, Top: *top}
	page.Fit(height)
	*top = page.Top
	return page.Draw(p, width, height)
}
