package widget

import "github.com/backtrail/backtrail/inspect"

// clean makes a foreign string safe to draw on one line: no control, no bidirectional override.
func clean(s string) string { return inspect.Clean(s) }

// cleanText is clean for several lines.
func cleanText(s string) string { return inspect.CleanText(s) }
