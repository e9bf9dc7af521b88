package tui

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/backtrail/backtrail/inspect"
)

// cell is a piece of a row.
type cell struct {
	text  string
	tone  tone
	width int  // 0: what the text needs; below 0: a share of what is left, as weight
	right bool // blanks in front
	tail  bool // cut at the front
}

// line draws a row of cells with a blank between them, exactly width wide.
func (p *paint) line(width int, l look, cells ...cell) string {
	styles := &p.styles[l]
	widths := share(width, cells)
	var b strings.Builder
	used := 0
	for i, c := range cells {
		w := min(widths[i], width-used)
		if w <= 0 {
			continue
		}
		b.WriteString(render(styles[c.tone], c.cut(w)))
		used += w
		if i < len(cells)-1 && used < width {
			b.WriteString(render(styles[tonePlain], " "))
			used++
		}
	}
	if used < width {
		b.WriteString(render(styles[tonePlain], blanks(width-used)))
	}
	return b.String()
}

func (c cell) cut(w int) string {
	s := inspect.Clean(c.text)
	switch {
	case c.tail:
		return fitTail(s, w)
	case c.right:
		return fitRight(s, w)
	default:
		return fit(s, w)
	}
}

// share gives each cell its width: the fixed ones first, the flexible ones what is left, by weight.
func share(width int, cells []cell) []int {
	widths := make([]int, len(cells))
	left, weight := width-max(0, len(cells)-1), 0
	for i, c := range cells {
		switch {
		case c.width > 0:
			widths[i] = c.width
		case c.width == 0:
			widths[i] = lipgloss.Width(inspect.Clean(c.text))
		default:
			weight -= c.width
		}
		left -= widths[i]
	}
	left = max(0, left)
	for i, c := range cells {
		if c.width < 0 {
			widths[i] = left * -c.width / weight
			left -= widths[i]
			weight += c.width
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
