package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"
	"github.com/backtrail/backtrail/inspect"
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
			cells: func(w int) []cell {
				return []cell{{text: shortImage(c.Reference, c.Digest), width: -3}, {text: c.Why, tone: toneDim, width: -3}, {text: c.Confidence, tone: toneNote, width: 6}}
			},
			detail: func(d *document) {
				d.field("image", c.Reference)
				d.field("digest", c.Digest)
				d.field("why", c.Why)
				d.field("confidence", c.Confidence)
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
