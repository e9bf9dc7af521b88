package report

import (
	"strings"
)

// wrap breaks text at blanks into at most n lines; the last one holds the rest.
// No text gives one empty line. A word that is wider than width stands alone on its line; n is at least 1.
func wrap(text string, width, n int) []string {
	var lines []string
	line := ""
	words := strings.Fields(text)
	for at, word := range words {
		if len(lines) >= n-1 {
			rest := strings.Join(words[at:], " ")
			return append(lines, strings.TrimSpace(line+" "+rest))
		}
		next := strings.TrimSpace(line + " " + word)
		if columns(next) > width && line != "" {
			lines = append(lines, line)
			next = word
		}
		line = next
	}
	return append(lines, line)
}
