package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// runKnownGood offers the candidates; choosing one is what confirms it.
func runKnownGood(m *Model, _ string) tea.Cmd {
	s := m.open
	var rows []choice
	byID := map[string]inspect.Candidate{}
	for _, c := range s.image().Candidates {
		byID[c.Digest+c.Reference] = c
		rows = append(rows, choice{
			id: c.Digest + c.Reference, find: c.Reference + " " + c.Digest + " " + c.Why,
			cells: func(w int) []widget.Cell {
				return []widget.Cell{{Text: shortImage(c.Reference, c.Digest), Width: -3}, {Text: c.Why, Tone: widget.ToneDim, Width: -3}, {Text: c.Confidence, Tone: widget.ToneNote, Width: 6}}
			},
			detail: func(d *widget.Document) {
				d.Field("image", c.Reference)
				d.Field("digest", c.Digest)
				d.Field("why", c.Why)
				d.Field("confidence", c.Confidence)
			},
		})
	}
	subject := s.subject
	about := "enter confirms, in your name, that this image is known to be good: what is the same as in it is then taken as good."
	m.choose("Known-good of "+subject, about, rows, func(m *Model, id string) tea.Cmd {
		candidate := byID[id]
		return m.goOn("comparing with "+shortImage(candidate.Reference, candidate.Digest), func(ctx context.Context, c *inspect.Case) (inspect.Source, error) {
			return m.o.KnownGood(ctx, c, subject, candidate)
		})
	})
	return nil
}
