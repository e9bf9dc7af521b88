package widget

import (
	"github.com/backtrail/backtrail/inspect/text"
)

// clean makes a foreign string safe to draw on one line: no control, no bidirectional override.
func clean(s string) string { return text.Clean(s) }

// cleanText is clean for several lines.
func cleanText(s string) string { return text.CleanLines(s) }
