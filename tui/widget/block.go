package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Fill makes exactly height lines, each at most width wide.
func Fill(lines []string, width, height int) []string {
	out := make([]string, 0, max(0, height))
	for i := range max(0, height) {
		if i < len(lines) {
			out = append(out, Pad(lines[i], width))
			continue
		}
		out = append(out, Blanks(width))
	}
	return out
}

// Pad brings a drawn line to a width.
func Pad(s string, width int) string {
	n := ansi.StringWidth(s)
	if n > width {
		s = ansi.Truncate(s, width, "")
		n = ansi.StringWidth(s) // one less where the cut went through a character of two columns
	}
	return s + Blanks(width-n)
}

// Beside puts two blocks next to each other with a rule between them.
func Beside(left, right []string, rule string) []string {
	out := make([]string, len(left))
	for i := range left {
		out[i] = left[i] + rule + right[i]
	}
	return out
}

// TitleLine names a region and fills the line with a rule.
func (p *Paint) TitleLine(s string, width int, focused bool) string {
	t, rule := toneTitle, "─"
	if focused {
		// colour alone does not show the focus everywhere
		t, rule = ToneFocus, "━"
	}
	s = Fit(clean(s), min(width, ansi.StringWidth(clean(s))))
	rest := width - ansi.StringWidth(s) - 1
	if rest <= 0 {
		return p.In(t, Fit(s, width))
	}
	return p.In(t, s) + " " + p.In(ToneDim, strings.Repeat(rule, rest))
}
