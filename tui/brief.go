package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// briefLines is the text that the overview starts with.
func (m *Model) briefLines() []string {
	lines := strings.Split(strings.TrimRight(m.briefText(), "\n"), "\n")
	for i, l := range lines {
		lines[i] = inspect.Clean(l)
	}
	return lines
}

// briefText is the brief as it is copied: the program's, or the three answers where it gives none.
func (m *Model) briefText() string {
	s := m.open
	if m.o.Brief != nil {
		return m.o.Brief(s.c)
	}
	var b strings.Builder
	b.WriteString("case " + s.c.Target.Name + ": " + s.verdict().text + "\n")
	for _, a := range s.c.AllAnswers() {
		b.WriteString(questionText(a.Question) + " " + a.Text + "\n")
	}
	return b.String()
}

// verdict is the case in a few words.
type verdict struct {
	status inspect.Status
	text   string
	tone   widget.Tone
}

// verdict never stands green over an open alert, nor over a check that has not ended.
func (s *caseScreen) verdict() verdict {
	worst := 0
	for _, f := range s.c.Findings {
		if f.Severity.Rank() <= inspect.High.Rank() && f.Status == inspect.Failed {
			worst++
		}
	}
	open := ""
	if n := len(s.c.Alerts); n > 0 {
		open = ", " + widget.Plural(n, "alert")
	}
	switch {
	case s.lost():
		return verdict{inspect.Unknown, "could not open the case", widget.ToneBad}
	case s.c.Status == inspect.Failed && worst > 0:
		return verdict{inspect.Failed, fmt.Sprintf("failed: %d serious", worst) + open, widget.ToneBad}
	case s.c.Status == inspect.Failed:
		return verdict{inspect.Failed, "failed" + open, widget.ToneBad}
	case s.running > 0 || s.c.End == nil:
		return verdict{inspect.Unknown, "still checking" + open, widget.ToneWarn}
	case s.c.Status == inspect.Unknown:
		return verdict{inspect.Unknown, "could not check everything" + open, widget.ToneWarn}
	case open != "":
		return verdict{inspect.Unknown, "nothing found" + open + " open", widget.ToneWarn}
	default:
		return verdict{inspect.Verified, "verified", widget.ToneGood}
	}
}
