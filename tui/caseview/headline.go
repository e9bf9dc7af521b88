package caseview

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

const (
	// columns of the labels of the headline
	labelWidth = 8
	// blanks between a line and what stands behind it
	asideGap = 3
	// rows of the headline while checks run: it grows, and what is below it stays where it is
	headlineRows = 8
)

// headlineOf chooses the lines that the first screen leads with. The lines are those of the brief and of the reports:
// what is read out on a call is the same everywhere.
func headlineOf(s *Screen) []headline.Line {
	if s.lost() {
		why := "could not open the case: " + text.Clean(s.broken.Error())
		return []headline.Line{{Label: headline.What, Text: why}}
	}
	lines := headline.Of(&s.c, s.steps)
	for i := range lines {
		if lines[i].Command != "" {
			lines[i].Text += " (y copies)"
		}
	}
	return append(lines, deadlineLines(s)...)
}

// deadlineLines are the reporting deadlines that a person has started, the next of each.
func deadlineLines(s *Screen) []headline.Line {
	var lines []headline.Line
	for _, k := range s.clocks() {
		d := respond.NextDeadline(k, s.shell.Now)
		// the short name of the law, as in NIS2
		law, _, _ := strings.Cut(respond.Title(k.Regime), " ")
		lines = append(lines, headline.Line{
			Label: "DUE",
			Text:  law + " " + d.What + " " + label.Stamp(d.Due) + ", " + d.Left(s.shell.Now),
		})
	}
	return lines
}

// drawHeadline wraps the lines to a width; none is cut. The labels are in the color of the focus while they have it.
func drawHeadline(p *widget.Paint, lines []headline.Line, width int, focused bool) []string {
	tone := widget.ToneBold
	if focused {
		tone = widget.ToneFocus
	}
	var out []string
	for _, l := range lines {
		for i, part := range widget.Wrap(l.Text, max(1, width-labelWidth)) {
			head := widget.Blanks(labelWidth)
			if i == 0 {
				head = p.In(tone, widget.Fit(l.Label, labelWidth))
			}
			if l.Label == headline.What {
				part = p.In(widget.ToneBold, part)
			}
			out = append(out, head+part)
		}
		if l.Aside == "" {
			continue
		}
		last := len(out) - 1
		if ansi.StringWidth(out[last])+asideGap+ansi.StringWidth(l.Aside) <= width {
			out[last] += widget.Blanks(asideGap) + p.In(widget.ToneNote, l.Aside)
			continue
		}
		for _, part := range widget.Wrap(l.Aside, max(1, width-labelWidth)) {
			out = append(out, widget.Blanks(labelWidth)+p.In(widget.ToneNote, part))
		}
	}
	return out
}

// fitHeadline draws the lines in some rows. Where they need more, lines give way to their shorter forms, the one that
// leads last: it is what the screen is opened for. What still has no room is scrolled to.
func fitHeadline(p *widget.Paint, lines []headline.Line, width, rows int) []string {
	out := drawHeadline(p, lines, width, false)
	lines = slices.Clone(lines)
	for at := len(lines) - 1; at >= 0 && len(out) > rows; at-- {
		if lines[at].Short != "" {
			lines[at].Text = lines[at].Short
			out = drawHeadline(p, lines, width, false)
		}
	}
	return out
}

// outcomeText is the case in a few words, and in fewer; never green over an open alert, nor before all checks have
// ended.
type outcomeText struct {
	long, short string
	tone        widget.Tone
}

// outcomeWords words the outcome for the header. The long form is for headers with room. Neither has a sign: a case
// is no verification.
func (s *openCase) outcomeWords() outcomeText {
	open := ""
	if n := len(s.c.Alerts); n > 0 {
		open = ", " + widget.Plural(n, "alert")
	}
	switch {
	case s.lost():
		return outcomeText{"could not open the case", "not opened", widget.ToneBad}
	case s.outcome.Status == inspect.CaseFailed && counted(&s.c) != "":
		return outcomeText{counted(&s.c), briefly(counted(&s.c)), widget.ToneBad}
	case s.outcome.Status == inspect.CaseFailed:
		return outcomeText{s.outcome.Words(&s.c), "problems found", widget.ToneBad}
	case s.running > 0 || s.c.End == nil:
		return outcomeText{"still checking" + open, "still checking", widget.ToneWarn}
	case s.outcome.Status == inspect.CaseIncomplete:
		return outcomeText{"incomplete" + s.blocked() + open, "incomplete", widget.ToneWarn}
	case open != "":
		return outcomeText{
			"no problems found" + open + " open", strings.TrimPrefix(open, ", ") + " open",
			widget.ToneWarn,
		}
	default:
		return outcomeText{"no problems found", "no problems found", widget.ToneGood}
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

// counted is the count of failed findings: 2 critical 7 high.
func counted(c *inspect.Case) string { return strings.ReplaceAll(verdict.Counted(c), ",", "") }

// briefly is a count in fewer columns: 2 crit 7 high.
func briefly(count string) string { return strings.ReplaceAll(count, string(inspect.Critical), "crit") }
