package widget

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Fit cuts a string to a width, with … at the end, or fills it up with blanks. A number is cut as a whole: ×412 must
// not become ×4….
func Fit(s string, width int) string {
	if width <= 0 {
		return ""
	}
	n := ansi.StringWidth(s)
	if n > width {
		s = wholeNumbers(s, ansi.Truncate(s, width, "…"))
		n = ansi.StringWidth(s)
	}
	return s + Blanks(width-n)
}

// FitMiddle is Fit that keeps the beginning and the end: names of pods and containers differ in both.
func FitMiddle(s string, width int) string {
	n := ansi.StringWidth(s)
	if n <= width || width < 3 {
		return Fit(s, width)
	}
	head := ansi.Truncate(s, width/2, "")
	tail := width - ansi.StringWidth(head) - 1
	end := ansi.TruncateLeft(s, n-tail, "")
	if ansi.StringWidth(end) > tail {
		// the cut went through a character of two columns
		end = ansi.TruncateLeft(s, n-tail+1, "")
	}
	return Fit(head+"…"+end, width)
}

// wholeNumbers takes the digits before the … of a cut string away, where the cut went through a number. Digits within a
// word are no number: of a digest as much is kept as there is room for.
func wholeNumbers(s, cut string) string {
	head, ok := strings.CutSuffix(cut, "…")
	rest, ok2 := strings.CutPrefix(s, head)
	if !ok || !ok2 || rest == "" || !isDigit(rest[0]) {
		return cut
	}
	short := strings.TrimRight(head, "0123456789")
	if short == head || short == "" || isLetter(short[len(short)-1]) {
		return cut
	}
	return short + "…"
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// fitTail is fit that keeps the end: of a path the file's name matters most.
func fitTail(s string, width int) string {
	if n := ansi.StringWidth(s); n > width && width > 1 {
		s = ansi.TruncateLeft(s, n-width+1, "…")
	}
	return Fit(s, width)
}

// FitRight is fit with the blanks in front.
func FitRight(s string, width int) string {
	if n := ansi.StringWidth(s); n < width {
		return Blanks(width-n) + s
	}
	return Fit(s, width)
}

// Wrap breaks a line into lines of at most width cells: between words, and within a word only where it is longer than
// a line. Names, digests and expressions are never broken at a hyphen.
func Wrap(s string, width int) []string {
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
		if n > width {
			var full []string
			if full, word = breakWord(word, width); full == nil {
				// a cell is wider than the line
				return append(lines, "")
			}
			lines, n = append(lines, full...), ansi.StringWidth(word)
		}
		line, used = word, n
	}
	return append(lines, line)
}

// breakWord breaks a word that is longer than a line into full lines and a rest, in one pass: whoever writes an alert
// or a label may write a megabyte without a blank. It gives no lines where a character is wider than a line.
func breakWord(word string, width int) (lines []string, rest string) {
	from, used := 0, 0
	for at := 0; at < len(word); {
		cluster, n := ansi.FirstGraphemeCluster(word[at:], ansi.GraphemeWidth)
		switch {
		case n > width:
			return nil, ""
		case used+n > width:
			lines = append(lines, word[from:at])
			from, used = at, 0
		}
		at, used = at+max(1, len(cluster)), used+n
	}
	return lines, word[from:]
}

// Blanks is a run of spaces; none for a number below one.
func Blanks(n int) string { return strings.Repeat(" ", max(0, n)) }

// Plural writes a number and its noun: 1 pod, 2 pods.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		return fmt.Sprintf("%d %sies", n, noun[:len(noun)-1])
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Bar draws a share of a whole with eighths of a cell.
func Bar(part, whole int64, width int) string {
	if whole <= 0 || part <= 0 || width <= 0 {
		return Blanks(width)
	}
	eighths := int(part * int64(width) * 8 / whole)
	eighths = min(max(1, eighths), width*8)
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return Fit(s, width)
}

// Sparkline draws counts as a row of small columns.
func Sparkline(counts []int) string {
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

// ASCII replaces what a terminal without UTF-8 cannot show: our own signs by letters, all else by ?. Widths stay.
func ASCII(s string) string {
	s = asciiSigns.Replace(s)
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

// asciiSigns are the signs that the terminal UI draws with, each with the letter that replaces it.
var asciiSigns = strings.NewReplacer(
	"…", "~", "›", ">", "×", "x", "·", "-", "–", "-", "•", "*", "●", "o", "○", "o", "≠", "!",
	"│", "|", "┊", ":", "─", "-", "━", "=", "┼", "+", "┬", "+", "┴", "+", "├", "+", "┤", "+",
	"┌", "+", "┐", "+", "└", "+", "┘", "+", "■", "#", "◆", "N",
	"▸", ">", "▾", "v", "→", ">", "←", "<", "↑", "^", "↓", "v", "⏎", "$",
	"█", "#", "▉", "#", "▊", "#", "▋", "#", "▌", "=", "▍", "=", "▎", "-", "▏", "-", "░", ".",
	"▁", "_", "▂", "_", "▃", "-", "▄", "-", "▅", "=", "▆", "=", "▇", "#",
)
