package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// fit cuts a string to a width, with … at the end, or fills it up with blanks.
func fit(s string, width int) string {
	if width <= 0 {
		return ""
	}
	n := ansi.StringWidth(s)
	if n > width {
		s = ansi.Truncate(s, width, "…")
		n = ansi.StringWidth(s)
	}
	return s + blanks(width-n)
}

// fitTail is fit that keeps the end: of a path the file's name matters most.
func fitTail(s string, width int) string {
	if n := ansi.StringWidth(s); n > width && width > 1 {
		s = ansi.TruncateLeft(s, n-width+1, "…")
	}
	return fit(s, width)
}

// fitRight is fit with the blanks in front.
func fitRight(s string, width int) string {
	if n := ansi.StringWidth(s); n < width {
		return blanks(width-n) + s
	}
	return fit(s, width)
}

// wrap breaks a line into lines of at most width cells: between words, and within a word only where it is longer than
// a line. Names, digests and expressions are never broken at a hyphen.
func wrap(s string, width int) []string {
	if width <= 0 {
		return nil
	}
	var lines []string
	line, used := "", 0
	for i, word := range strings.Split(s, " ") {
		n := ansi.StringWidth(word)
		if i > 0 && used+1+n <= width {
			line, used = line+" "+word, used+1+n
			continue
		}
		if i > 0 {
			lines = append(lines, line)
		}
		for n > width {
			head := ansi.Truncate(word, width, "")
			if head == "" {
				return append(lines, "") // a cell is wider than the line
			}
			lines = append(lines, head)
			word = word[len(head):]
			n = ansi.StringWidth(word)
		}
		line, used = word, n
	}
	return append(lines, line)
}

func blanks(n int) string { return strings.Repeat(" ", max(0, n)) }

// plural writes a number and its noun: 1 pod, 2 pods.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		return fmt.Sprintf("%d %sies", n, noun[:len(noun)-1])
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// bar draws a share of a whole with eighths of a cell.
func bar(part, whole int64, width int) string {
	if whole <= 0 || part <= 0 || width <= 0 {
		return blanks(width)
	}
	eighths := int(part * int64(width) * 8 / whole)
	eighths = min(max(1, eighths), width*8)
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return fit(s, width)
}

// sparkline draws counts as a row of small columns.
func sparkline(counts []int) string {
	top := 0
	for _, n := range counts {
		top = max(top, n)
	}
	if top == 0 {
		return ""
	}
	steps := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, n := range counts {
		if n == 0 {
			b.WriteRune(' ')
			continue
		}
		b.WriteRune(steps[(n*(len(steps)-1)+top-1)/top])
	}
	return b.String()
}

// plain is the frame for terminals without UTF-8: our own signs as letters, what is left as ?. Widths stay.
func plain(s string) string {
	s = plainSigns.Replace(s)
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Repeat("?", max(1, ansi.StringWidth(string(r)))))
	}
	return b.String()
}

var plainSigns = strings.NewReplacer("…", "~", "›", ">", "×", "x", "│", "|", "─", "-", "┼", "+", "┬", "+", "┴", "+", "├", "+", "┤", "+",
	"┌", "+", "┐", "+", "└", "+", "┘", "+", "▸", ">", "▾", "v", "·", "-", "–", "-", "•", "*", "●", "o", "○", "o", "→", ">", "←", "<", "↑", "^", "↓", "v", "⏎", "$",
	"█", "#", "▉", "#", "▊", "#", "▋", "#", "▌", "=", "▍", "=", "▎", "-", "▏", "-", "░", ".", "▁", "_", "▂", "_", "▃", "-", "▄", "-", "▅", "=", "▆", "=", "▇", "#", "┊", ":", "━", "=", "≠", "!")
