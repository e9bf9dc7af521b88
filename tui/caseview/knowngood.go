package caseview

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// whyNoKnownGood is why no known-good image can be chosen. While checks run the comparison would change under
// the person.
func whyNoKnownGood(s *Screen) string {
	switch why := s.readOnly(); {
	case why != "":
		return why
	case s.running > 0:
		return "the checks still run"
	case len(s.image().Candidates) == 0:
		return "no previous image is known; --known-good names one"
	default:
		return ""
	}
}

// runKnownGood offers the candidates; choosing one confirms it. Nothing is confirmed by looking: only enter on a
// candidate counts, and it is recorded with the person's name.
func runKnownGood(s *Screen, _ string) tea.Cmd {
	var choices []shell.Choice
	byID := map[string]inspect.Candidate{}
	for _, c := range s.image().Candidates {
		id := c.Digest + c.Reference
		byID[id] = c
		choices = append(choices, candidate(id, c))
	}
	// the container of now: it may change while the dialog is open
	container := s.container
	s.shell.Choose(shell.Chooser{
		Name: "Known-good of " + container, Choices: choices,
		About: "enter confirms, in your name, that this image is known to be good: " +
			"files that are the same in it count as good.",
		Done: func(id, _ string) tea.Cmd {
			k, backend := byID[id], s.backend
			what := "comparing with " + label.Image(k.Reference, k.Digest)
			return s.follow(what, func(ctx context.Context, c *inspect.Case) (inspect.Source, error) {
				return backend.ConfirmKnownGood(ctx, c, container, k)
			})
		},
	})
	return nil
}

// candidate is an image that may be known to be good, as a choice. The confidence is that of the guess by which the
// candidate was found, not that the image is good.
func candidate(id string, c inspect.Candidate) shell.Choice {
	return shell.Choice{
		ID: id, Text: c.Reference + " " + c.Digest + " " + c.Why,
		Line: func(int) []widget.Cell {
			return []widget.Cell{
				{Text: label.Image(c.Reference, c.Digest), Width: -3},
				{Text: c.Why, Tone: widget.ToneDim, Width: -3},
				{Text: c.Confidence, Tone: widget.ToneNote, Width: 6},
			}
		},
		Detail: func(d *widget.Document) {
			d.Field("image", c.Reference)
			d.Field("digest", c.Digest)
			d.Field("why", c.Why)
			d.Field("confidence", c.Confidence)
		},
	}
}
