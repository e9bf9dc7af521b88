package widget

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// Cell is a piece of a row.
type Cell struct {
	Text string
	Tone Tone
	// 0: what the text needs; below 0: a share of what is left, as weight
	Width int
	// Right: blanks in front
	Right bool
	// Tail: cut at the front
	Tail bool
	// Middle: cut in the middle
	Middle bool
}

// Line draws a row of cells with a blank between them, exactly width wide.
func (p *Paint) Line(width int, l Look, cells ...Cell) string {
	styles := &p.styles[l]
	widths := share(width, cells)
	var b strings.Builder
	used := 0
	for i, c := range cells {
		w := min(widths[i], width-used)
		if w <= 0 {
			continue
		}
		b.WriteString(render(styles[c.Tone], c.cut(w)))
		used += w
		if i < len(cells)-1 && used < width {
			b.WriteString(render(styles[TonePlain], " "))
			used++
		}
	}
	if used < width {
		b.WriteString(render(styles[TonePlain], Blanks(width-used)))
	}
	return b.String()
}

// cut is the text of the cell in a width: cleaned, elided or filled up.
func (c Cell) cut(w int) string {
	s := clean(c.Text)
	switch {
	case c.Tail:
		return fitTail(s, w)
	case c.Middle:
		return FitMiddle(s, w)
	case c.Right:
		return FitRight(s, w)
	default:
		return Fit(s, w)
	}
}

// share gives each cell its width: the fixed ones first, the flexible ones what is left, by weight.
func share(width int, cells []Cell) []int {
	widths := make([]int, len(cells))
	left, weight := width-max(0, len(cells)-1), 0
	for i, c := range cells {
		switch {
		case c.Width > 0:
			widths[i] = c.Width
		case c.Width == 0:
			widths[i] = lipgloss.Width(clean(c.Text))
		default:
			weight -= c.Width
		}
		left -= widths[i]
	}
	left = max(0, left)
	for i, c := range cells {
		if c.Width < 0 {
			widths[i] = left * -c.Width / weight
			left -= widths[i]
			weight += c.Width
		}
	}
	return widths
}

// render saves the cost of a style that changes nothing.
func render(s lipgloss.Style, text string) string {
	if text == "" {
		return ""
	}
	return s.Render(text)
}
