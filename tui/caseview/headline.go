package caseview

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// briefLines is the text that the overview starts with.
func briefLines(s *Screen) []string {
	lines := strings.Split(strings.TrimRight(s.backend.Brief(s.c), "\n"), "\n")
	for i, l := range lines {
		lines[i] = inspect.Clean(l)
	}
	return lines
}

// headline is the case in a few words, and in fewer.
type headline struct {
	long, short string
	tone        widget.Tone
}

// headline is never green over an open alert, nor before all checks have ended.
func (s *openCase) headline() headline {
	open := ""
	if n := len(s.c.Alerts); n > 0 {
		open = ", " + widget.Plural(n, "alert")
	}
	switch {
	case s.lost():
		return headline{"could not open the case", "not opened", widget.ToneBad}
	case s.outcome.Status == inspect.CaseFailed:
		problems := s.problems()
		if problems == "" {
			return headline{"problems found" + open, "problems found", widget.ToneBad}
		}
		return headline{"problems found: " + problems + open, problems, widget.ToneBad}
	case s.running > 0 || s.c.End == nil:
		return headline{"still checking" + open, "still checking", widget.ToneWarn}
	case s.outcome.Status == inspect.CaseIncomplete:
		return headline{"incomplete" + s.blocked() + open, "incomplete", widget.ToneWarn}
	case open != "":
		return headline{"no problems found" + open + " open", strings.TrimPrefix(open, ", ") + " open", widget.ToneWarn}
	default:
		return headline{"no problems found", "no problems found", widget.ToneGood}
	}
}

// problems counts the serious findings by their severity.
func (s *openCase) problems() string {
	count := map[inspect.Severity]int{}
	for _, f := range s.c.Findings {
		if f.Status == inspect.RowFailed {
			count[f.Severity]++
		}
	}
	var parts []string
	for _, severity := range []inspect.Severity{inspect.Critical, inspect.High} {
		if n := count[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	return strings.Join(parts, ", ")
}

// blocked counts the checks that could not run.
func (s *openCase) blocked() string {
	n := len(s.blockedChecks())
	if n == 0 {
		return ""
	}
	return ": " + widget.Plural(n, "check") + " could not run"
}
