package tui

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

func glanceKey(p *inspect.FlaggedPod) string {
	_, digest := mainImage(p)
	return digest
}

// remember keeps what the case said of its image, for the list.
func (m *Model) remember() {
	s := m.open
	i := s.image()
	if m.pods == nil || s.running > 0 || i.Container == "" || glanceKey(&s.pod) == "" {
		return
	}
	g := glance{signed: inspect.Absent, knownGood: inspect.Absent}
	for _, x := range i.Signatures {
		if statusOrder(x.Status) < statusOrder(g.signed) || g.signed == inspect.Absent || x.Status == inspect.Verified {
			g.signed = x.Status
		}
		if g.signed == inspect.Verified {
			break
		}
	}
	if i.Diff != nil && i.Diff.KnownGood != nil {
		g.knownGood = inspect.Unknown
		if i.Diff.KnownGood.Confirmed {
			g.knownGood = inspect.Verified
		}
	}
	m.seen[glanceKey(&s.pod)] = g
	m.pods.refresh(m)
}

// glanceCells show what cases of this session said of the pod's image.
func glanceCells(m *Model, p *inspect.FlaggedPod) []widget.Cell {
	g, ok := m.seen[glanceKey(p)]
	if !ok {
		return []widget.Cell{{Width: 6}, {Width: 5}}
	}
	return []widget.Cell{
		{Text: m.p.Sign(signOf(g.signed)), Tone: signOf(g.signed).Tone(), Width: 6},
		{Text: m.p.Sign(signOf(g.knownGood)), Tone: signOf(g.knownGood).Tone(), Width: 5},
	}
}
