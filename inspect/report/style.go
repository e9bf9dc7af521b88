package report

import (
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Style describes how text is drawn. The zero value is UTF-8 without colour.
// A style changes how a report looks, and never what it states.
type Style struct {
	ASCII bool      // ok FAIL ?? -- in place of ✓ ✗ ? –
	Color bool      // ANSI-16 colours around the signs
	Now   time.Time // by which the time left of report clocks is counted; zero: the newest event of the case
}

// Sign is the mark of a status: one that reads without colour.
// A status that is not known here, as of a foreign bundle, is drawn as unknown.
func (s Style) Sign(status inspect.Status) string {
	i := 2
	switch status {
	case inspect.Verified:
		i = 0
	case inspect.Failed:
		i = 1
	case inspect.Absent:
		i = 3
	case inspect.Unknown:
	}
	if s.ASCII {
		return [...]string{"ok", "FAIL", "??", "--"}[i]
	}
	return [...]string{"✓", "✗", "?", "–"}[i]
}

// Mark is sign and word, colored where the style has colors.
// The word is always there: a sign alone is lost where a font lacks it.
func (s Style) Mark(status inspect.Status) string {
	return s.Paint(status, s.Sign(status)+" "+status.Words())
}

// Paint colors text as a status has it, in ANSI-16 colors: green, red, yellow and faint.
// Color adds nothing that is not in the words, since a log keeps none.
func (s Style) Paint(status inspect.Status, text string) string {
	if !s.Color {
		return text
	}
	code := "33"
	switch status {
	case inspect.Verified:
		code = "32"
	case inspect.Failed:
		code = "31"
	case inspect.Absent:
		code = "2"
	case inspect.Unknown:
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// bold makes a heading stand out.
func (s Style) bold(text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}
