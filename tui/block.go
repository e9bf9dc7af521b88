package tui

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/charmbracelet/x/ansi"
)

// fill makes exactly height lines, each at most width wide.
func fill(lines []string, width, height int) []string {
	out := make([]string, 0, max(0, height))
	for i := range max(0, height) {
		if i < len(lines) {
			out = append(out, pad(lines[i], width))
			continue
		}
		out = append(out, blanks(width))
	}
	return out
}

// pad brings a drawn line to a width.
func pad(s string, width int) string {
	n := ansi.StringWidth(s)
	if n > width {
		return ansi.Truncate(s, width, "")
	}
	return s + blanks(width-n)
}

// beside puts two blocks next to each other with a rule between them.
func beside(left, right []string, rule string) []string {
	out := make([]string, len(left))
	for i := range left {
		out[i] = left[i] + rule + right[i]
	}
	return out
}

// titleLine names a region and fills the line with a rule.
func (p *paint) titleLine(s string, width int, focused bool) string {
	t, rule := toneTitle, "─"
	if focused {
		t, rule = toneFocus, "━" // colour alone does not show the focus everywhere
	}
	s = fit(inspect.Clean(s), min(width, ansi.StringWidth(inspect.Clean(s))))
	rest := width - ansi.StringWidth(s) - 1
	if rest <= 0 {
		return p.in(t, fit(s, width))
	}
	return p.in(t, s) + " " + p.in(toneDim, strings.Repeat(rule, rest))
}

// scrolled shows a part of a text that can be scrolled, and says that there is more.
func (p *paint) scrolled(lines []string, top *int, width, height int) []string {
	*top = min(max(0, *top), max(0, len(lines)-height))
	shown := lines[*top:min(len(lines), *top+height)]
	out := make([]string, len(shown))
	copy(out, shown)
	if rest := len(lines) - *top - height; rest > 0 && height > 1 {
		out[height-1] = p.in(toneDim, fit("… "+plural(rest+1, "more line"), width))
	}
	return out
}
