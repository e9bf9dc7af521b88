package caseview

import (
	"cmp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
	"github.com/backtrail/backtrail/tui/widget"
)

// briefLines is the text that the overview starts with.
func briefLines(s *Screen) []string {
	lines := strings.Split(strings.TrimRight(s.backend.Brief(s.c), "\n"), "\n")
	for i, l := range lines {
		lines[i] = text.Clean(l)
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
		return headline{s.outcome.Words(&s.c) + open, cmp.Or(counted(&s.c), s.outcome.Status.Words()), widget.ToneBad}
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

// blocked counts the checks that could not run.
func (s *openCase) blocked() string {
	n := len(s.blockedChecks())
	if n == 0 {
		return ""
	}
	return ": " + widget.Plural(n, "check") + " could not run"
}

// counted is the count of failed findings in few columns, beside the names of nine panes: 2 crit 7 high.
func counted(c *inspect.Case) string {
	return strings.NewReplacer(string(inspect.Critical), "crit", ",", "").Replace(verdict.Counted(c))
}
