package pane

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// provenanceRows lists how the image differs from the previous one, and the statements about how it was made. Drift
// comes first: "builder changed" matters more than who the builder is. The gate is that of the provenance check; all
// others are on Signatures.
func provenanceRows(v View) []Row {
	i := v.Image()
	var rows []Row
	if i.Diff != nil {
		rows = driftRows(v, "provenance", i.Diff.Provenance)
	}
	for _, g := range i.Gates {
		if g.Name == inspect.GateProvenance {
			rows = append(rows, gateRow(v, g))
		}
	}
	for _, p := range i.Provenance {
		rows = append(rows, provenanceRow(v, p))
	}
	return rows
}

// comparedWith is the image that the differences are to, in words.
func comparedWith(v View) string {
	i := v.Image()
	if i.Diff == nil || i.Diff.KnownGood == nil {
		return ""
	}
	k := i.Diff.KnownGood
	return k.Word() + " " + label.Image(k.Reference, k.Key())
}

// claim is whether a statement is signed, or a mere claim of whoever made the image, in six letters at most. A
// signature that failed is none: the word for it is not "signed".
func claim(p inspect.Provenance) string {
	switch {
	case p.Signed && p.Status == inspect.Failed:
		return "failed"
	case p.Signed:
		return "signed"
	default:
		return "claim"
	}
}

// provenanceRow is a statement about the build. Where a statement names no source, its builder stands there, and else
// its type, which every statement has.
func provenanceRow(v View, p inspect.Provenance) Row {
	return Row{
		ID: "provenance:" + p.ID, Text: p.Builder + " " + p.Source + " " + p.Commit + " " + p.PredicateType,
		Value: cmp.Or(p.Commit, p.Source, p.Builder), Container: v.Container, Mark: p.ID,
		Layer: -1, Raw: viewer.Raw(p.Raw), Object: p,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				v.Paint.SignCell(label.Sign(p.Status)),
				{Text: claim(p), Width: 6},
				{Text: cmp.Or(strings.TrimPrefix(p.Source, "git+https://"), p.Builder, p.PredicateType), Width: -2},
				{Text: label.Digest(p.Commit), Tone: widget.ToneDim, Width: 12},
			}
		},
		Detail: func(d *widget.Document) { provenanceDetail(d, v, p) },
	}
}

// provenanceDetail writes a statement. What an unsigned one contains is a claim of whoever made it. The fields are
// those of SLSA provenance (https://slsa.dev/spec/v1.0/provenance), or of BuildKit's own where an image has only
// that. Parameters are sorted by name, so that a frame is always the same.
func provenanceDetail(d *widget.Document, v View, p inspect.Provenance) {
	d.Outcome(label.Sign(p.Status), p.Status.Words(), p.Reason)
	// the sign above may be that of a digest in it, not of a signature
	if !p.Signed {
		d.Say(widget.ToneWarn, "Unsigned: self-reported by the builder.")
	}
	d.Field("builder", p.Builder)
	d.Field("build type", p.BuildType)
	d.Field("source", p.Source)
	d.Field("ref", p.Ref)
	d.Field("commit", p.Commit)
	d.Field("invocation", p.Invocation)
	if !p.Started.IsZero() || !p.Finished.IsZero() {
		d.Field("built", label.Stamp(p.Started)+" to "+label.Stamp(p.Finished))
	}
	d.Field("predicate", p.PredicateType)
	d.Field("subject", p.Subject)
	// the signature that carries the statement, by its identity
	for _, g := range v.Image().Signatures {
		if g.ID == p.Signature && p.Signature != "" {
			d.Field("signed by", signerText(g)+" ("+g.Status.Words()+")")
		}
	}
	if len(p.Notes) > 0 {
		d.Heading("Notes")
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
	notesOn(d, v, p.ID)
}
