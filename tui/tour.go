package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/tui/caseview"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// TourStep is one step of a guided walk: what is to be seen where the person is, and which key leads on.
type TourStep struct {
	// At: the place that the step begins at: pods, a pane by its name in lower case, or exported. A pane counts once
	// its checks have ended: until then it does not have the answer
	At string
	// Text: what to see here, and the key that leads on
	Text string
}

// tour is how far a guided walk is. It takes no keys: whoever goes elsewhere finds the same step when they come back.
type tour struct {
	steps []TourStep
	at    int
}

const (
	// the rows of a tour: its text behind its number
	tourRows = 2
	// the same where there is room for a rule above
	tourRowsTall = 4
	// lower terminals keep their rows for the screen, and get one line
	tourFrom = 20
	// from here on there is room for a rule
	tourTallFrom = 30
)

// rows is how many rows of a terminal the tour takes.
func (t *tour) rows(width, height int) int {
	switch {
	case len(t.steps) == 0 || width < widget.MinWidth || height < widget.MinHeight+2:
		return 0
	case height < tourFrom:
		return 1
	case height < tourTallFrom:
		return tourRows
	default:
		return tourRowsTall
	}
}

// follow goes on to the next step once the person is where it begins. Steps are never skipped: each question is shown
// once with its answer.
func (t *tour) follow(m *Model) {
	if t.at+1 < len(t.steps) && placeName(m) == t.steps[t.at+1].At {
		t.at++
	}
}

// placeName is where the person is, as a TourStep names it; empty while the checks of a case run.
func placeName(m *Model) string {
	c, is := m.top().(*openCase)
	switch {
	case m.Exported != "" && m.Dialog != nil:
		return "exported"
	case is:
		if shown, settled := caseview.Shown(c.Screen); settled {
			return strings.ToLower(shown.Spec().Name)
		}
		return ""
	case m.top().Scope() == shell.InPods:
		return "pods"
	default:
		return ""
	}
}

// draw gives the lines of the tour, as many as rows.
func (t *tour) draw(p *widget.Paint, width, rows int) []string {
	if rows == 0 {
		return nil
	}
	step := fmt.Sprintf("Tour %d/%d", t.at+1, len(t.steps))
	words := text.Clean(t.steps[t.at].Text)
	if rows == 1 {
		// the key that leads on stands at the end of the text
		return []string{p.In(widget.ToneFocus, step) + " " + widget.Fit(words, max(0, width-len(step)-1))}
	}
	if rows < tourRowsTall {
		lines := widget.Wrap(step+" "+words, max(1, width-1))
		lines[0] = p.In(widget.ToneFocus, step) + strings.TrimPrefix(lines[0], step)
		return widget.Fill(lines[:min(len(lines), rows)], width, rows)
	}
	lines := []string{p.TitleLine(step, width, true)}
	lines = append(lines, widget.Wrap(words, max(1, width-1))...)
	return widget.Fill(lines[:min(len(lines), rows)], width, rows)
}
