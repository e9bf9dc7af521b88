package bagit

import (
	"fmt"
	"strings"
)

// ParseInfo reads the labels and values of bag-info.txt. A line that begins with a blank continues the value above (RFC
// 8493, 2.2.2). The first of two lines with one label counts. What was read before a line without a label is returned
// with the error.
// RFC 8493 lets labels repeat; a reader that took the last one could be given another value than the one above, so the
// first counts here as it does for a person who reads from the top.
func ParseInfo(text []byte) (map[string]string, error) {
	values, label := map[string]string{}, ""
	n := 0
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\r\n", "\n")) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if line != "" && (line[0] == ' ' || line[0] == '\t') && label != "" {
			values[label] += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return values, fmt.Errorf("line %d has no label", n)
		}
		label = strings.TrimSpace(name)
		if _, twice := values[label]; twice {
			label = ""
			continue
		}
		values[label] = strings.TrimSpace(value)
	}
	return values, nil
}
