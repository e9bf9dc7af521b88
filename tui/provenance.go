package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
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
		cells: func(w int) []cell {
			return []cell{
				m.p.signCell(signOf(p.Status)),
				{text: claim(p), width: 6},
				{text: firstOf(strings.TrimPrefix(p.Source, "git+https://"), p.Builder, p.PredicateType), width: -2},
				{text: shortDigest(p.Commit), tone: toneDim, width: 12},
			}
		},
		detail: func(d *document) { provenanceDetail(d, s, p) },
	}
}

func provenanceDetail(d *document, s *caseScreen, p inspect.Provenance) {
	d.status(signOf(p.Status), statusWord(p.Status), p.Reason)
	if !p.Signed {
		d.say(toneWarn, "A claim: nobody signed it.")
	}
	d.field("builder", p.Builder)
	d.field("build type", p.BuildType)
	d.field("source", p.Source)
	d.field("ref", p.Ref)
	d.field("commit", p.Commit)
	d.field("invocation", p.Invocation)
	if !p.Started.IsZero() || !p.Finished.IsZero() {
		d.field("built", stamp(p.Started)+" to "+stamp(p.Finished))
	}
	d.field("predicate", p.PredicateType)
	d.field("subject", p.Subject)
	for _, g := range s.image().Signatures {
		if g.ID == p.Signature && p.Signature != "" {
			d.field("signed by", who(g)+" ("+statusWord(g.Status)+")")
		}
	}
	if len(p.Notes) > 0 {
		d.heading("To note")
		d.bullets(p.Notes)
	}
	if len(p.Parameters) > 0 {
		d.heading("Parameters")
		for _, name := range sortedKeys(p.Parameters) {
			d.put(tonePlain, name+" ", p.Parameters[name])
		}
	}
	if len(p.Materials) > 0 {
		d.heading(plural(len(p.Materials), "material"))
	}
	for at, x := range p.Materials {
		if at == maxListed {
			d.say(toneDim, fmt.Sprintf("… and %d more", len(p.Materials)-maxListed))
			break
		}
		d.put(tonePlain, "• ", x.URI+" "+x.Digest)
	}
	notesOn(d, s, p.ID)
}
