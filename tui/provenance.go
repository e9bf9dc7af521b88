package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// provenanceRows lists how the image differs from the one before, and the statements about how it was made.
func provenanceRows(m *Model, s *caseScreen) []row {
	i := s.image()
	var rows []row
	if i.Diff != nil {
		rows = driftRows(s, "provenance", i.Diff.Provenance)
	}
	for _, g := range i.Gates {
		if g.Name == inspect.GateProvenance {
			rows = append(rows, gateRow(m, s, g))
		}
	}
	for _, p := range i.Provenance {
		rows = append(rows, provenanceRow(m, s, p))
	}
	return rows
}

// comparedWith is the image that the differences are to, in words.
func comparedWith(s *caseScreen) string {
	i := s.image()
	if i.Diff == nil || i.Diff.KnownGood == nil {
		return ""
	}
	k := i.Diff.KnownGood
	return k.Word() + " " + shortImage(k.Reference, k.Key())
}

// claim says whether a statement is signed or a mere claim.
func claim(p inspect.Provenance) string {
	if p.Signed {
		return "signed"
	}
	return "claim"
}

func provenanceRow(m *Model, s *caseScreen, p inspect.Provenance) row {
	return row{
		id: "provenance:" + p.ID, find: p.Builder + " " + p.Source + " " + p.Commit + " " + p.PredicateType, value: firstOf(p.Commit, p.Source, p.Builder), subject: s.subject, mark: p.ID,
		layer: -1, raw: rawParts(p.Raw), object: p,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{
				m.p.SignCell(signOf(p.Status)),
				{Text: claim(p), Width: 6},
				{Text: firstOf(strings.TrimPrefix(p.Source, "git+https://"), p.Builder, p.PredicateType), Width: -2},
				{Text: shortDigest(p.Commit), Tone: widget.ToneDim, Width: 12},
			}
		},
		detail: func(d *widget.Document) { provenanceDetail(d, s, p) },
	}
}

func provenanceDetail(d *widget.Document, s *caseScreen, p inspect.Provenance) {
	d.Outcome(signOf(p.Status), statusWord(p.Status), p.Reason)
	if !p.Signed {
		d.Say(widget.ToneWarn, "A claim: nobody signed it.")
	}
	d.Field("builder", p.Builder)
	d.Field("build type", p.BuildType)
	d.Field("source", p.Source)
	d.Field("ref", p.Ref)
	d.Field("commit", p.Commit)
	d.Field("invocation", p.Invocation)
	if !p.Started.IsZero() || !p.Finished.IsZero() {
		d.Field("built", stamp(p.Started)+" to "+stamp(p.Finished))
	}
	d.Field("predicate", p.PredicateType)
	d.Field("subject", p.Subject)
	for _, g := range s.image().Signatures {
		if g.ID == p.Signature && p.Signature != "" {
			d.Field("signed by", who(g)+" ("+statusWord(g.Status)+")")
		}
	}
	if len(p.Notes) > 0 {
		d.Heading("To note")
		d.Bullets(p.Notes)
	}
	if len(p.Parameters) > 0 {
		d.Heading("Parameters")
		for _, name := range sortedKeys(p.Parameters) {
			d.Put(widget.TonePlain, name+" ", p.Parameters[name])
		}
	}
	if len(p.Materials) > 0 {
		d.Heading(widget.Plural(len(p.Materials), "material"))
	}
	for at, x := range p.Materials {
		if at == widget.MaxListed {
			d.Say(widget.ToneDim, fmt.Sprintf("… and %d more", len(p.Materials)-widget.MaxListed))
			break
		}
		d.Put(widget.TonePlain, "• ", x.URI+" "+x.Digest)
	}
	notesOn(d, s, p.ID)
}
