package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// signatureRows lists the signatures, below them the other gates, and the stores that were asked: "none" is only worth as much as the
// places where one looked.
func signatureRows(m *Model, s *caseScreen) []row {
	i := s.image()
	var rows []row
	if i.Diff != nil {
		rows = driftRows(s, "signers", i.Diff.Signers)
	}
	gates := slices.Clone(i.Gates)
	slices.SortStableFunc(gates, func(a, b inspect.Gate) int { return statusOrder(a.Status) - statusOrder(b.Status) })
	var calm []row // gates that say nothing against the image come after who signed it
	for _, g := range gates {
		switch {
		case g.Name == inspect.GateProvenance:
		case g.Name == inspect.GateSignature, g.Status == inspect.Failed:
			rows = append(rows, gateRow(m, s, g))
		default:
			calm = append(calm, gateRow(m, s, g))
		}
	}
	signatures := slices.Clone(i.Signatures)
	slices.SortStableFunc(signatures, func(a, b inspect.Signature) int { return statusOrder(a.Status) - statusOrder(b.Status) })
	for _, g := range signatures {
		rows = append(rows, signatureRow(m, s, g))
	}
	rows = append(rows, calm...)
	for _, r := range i.Stores {
		rows = append(rows, storeRow(m, s, r))
	}
	return rows
}

func statusOrder(s inspect.Status) int {
	return slices.Index([]inspect.Status{inspect.Failed, inspect.Unknown, inspect.Verified, inspect.Absent}, s)
}

func gateRow(m *Model, s *caseScreen, g inspect.Gate) row {
	return row{
		id: "gate:" + g.Name, find: g.Name + " " + g.Detail, value: g.Name + ": " + g.Detail, subject: s.subject, layer: -1, object: g,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{m.p.SignCell(signOf(g.Status)), {Text: "gate", Tone: widget.ToneDim, Width: 9}, {Text: g.Name + ": " + firstOf(g.Detail, statusWord(g.Status)), Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "Gate: "+g.Name)
			d.Outcome(signOf(g.Status), statusWord(g.Status), g.Detail)
			d.Field("whose", g.By)
			if g.FailsOpen {
				d.Say(widget.ToneWarn, "While it does not answer, all is let in.")
			}
			if !g.Since.IsZero() {
				d.Field("set up", stamp(g.Since))
			}
			if !g.Changed.IsZero() {
				d.Field("changed", stamp(g.Changed))
			}
			expectedDetail(d, s)
		},
	}
}

// who names the signer of a signature.
func who(g inspect.Signature) string {
	switch {
	case g.Identity != "":
		return g.Identity
	case g.Key != "":
		return "key " + shortDigest(g.Key)
	default:
		return "unknown signer"
	}
}

func signatureRow(m *Model, s *caseScreen, g inspect.Signature) row {
	what := "signature"
	if g.PredicateType != "" {
		what = "attested"
	}
	return row{
		id: "signature:" + g.ID, find: who(g) + " " + g.Issuer + " " + g.Kind + " " + g.Store + " " + g.Reason + " " + g.PredicateType, value: who(g), subject: s.subject, mark: g.ID,
		layer: -1, raw: rawParts(g.Raw), object: g,
		cells: func(w int) []widget.Cell {
			cells := []widget.Cell{
				m.p.SignCell(signOf(g.Status)),
				{Text: what, Width: 9},
				{Text: strings.TrimPrefix(who(g), "https://"), Width: -3},
			}
			if reason := reasonText(g); reason != "" {
				cells = append(cells, widget.Cell{Text: reason, Tone: signOf(g.Status).Tone(), Width: -2})
			}
			return cells
		},
		detail: func(d *widget.Document) { signatureDetail(d, s, g) },
	}
}

func signatureDetail(d *widget.Document, s *caseScreen, g inspect.Signature) {
	d.Outcome(signOf(g.Status), statusWord(g.Status), sentenceFor(g))
	for _, step := range g.Steps {
		if step.Status == inspect.Failed {
			d.Outcome(signOf(step.Status), step.Name, step.Detail)
		}
	}
	d.Field("signed by", who(g))
	d.Field("issuer", g.Issuer)
	d.Field("kind", g.Kind+" from "+g.Store)
	d.Field("attests", g.PredicateType)
	if g.LogIndex > 0 {
		d.Field("log entry", fmt.Sprintf("%d, %s", g.LogIndex, stamp(g.IntegratedTime)))
	}
	d.Heading("The chain, from root to subject")
	for at, step := range g.Steps {
		if at > 0 {
			d.Lines = append(d.Lines, d.P.In(widget.ToneDim, "│"))
		}
		d.Step(signOf(step.Status), step.Name, step.Detail)
	}
	d.Gap()
	d.Say(widget.ToneDim, "A verified signature says who signed these bytes; not that they are harmless.")
	for _, n := range g.Notes {
		d.Put(widget.ToneNote, "• ", n)
	}
	certificateDetail(d, g)
	expectedDetail(d, s)
	d.Heading("Digests")
	d.Field("signature", g.Digest)
	d.Field("subject", g.Subject)
	notesOn(d, s, g.ID)
}

// reasonText is the reason in a few words, for a row.
func reasonText(g inspect.Signature) string {
	switch g.Reason {
	case "no-expectation":
		return "no rule says who should"
	case "unknown-key":
		return "no key at hand"
	default:
		return g.Reason
	}
}

// sentenceFor says the reason in words, where it needs any.
func sentenceFor(g inspect.Signature) string {
	switch g.Reason {
	case "no-expectation":
		return "signed by " + who(g) + ", no rule says who should"
	case "unknown-key":
		return "no key at hand verifies it"
	default:
		return g.Reason
	}
}

func certificateDetail(d *widget.Document, g inspect.Signature) {
	c := g.Certificate
	if c == nil {
		return
	}
	d.Heading("Certificate")
	d.Field("subject", strings.Join(c.Subject, ", "))
	d.Field("issued by", c.Issuer)
	d.Field("valid", stamp(c.NotBefore)+" to "+stamp(c.NotAfter))
	for _, name := range sortedKeys(c.Extensions) {
		d.Put(widget.TonePlain, name+" ", c.Extensions[name])
	}
	d.Field("sha256", c.SHA256)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func expectedDetail(d *widget.Document, s *caseScreen) {
	d.Heading("What was asked for")
	e := s.c.Expected
	policies := s.image().PolicyGates()
	if !e.Signer() && len(policies) == 0 {
		d.Say(widget.ToneDim, "Nobody said who should have signed: no flag, no policy.")
		return
	}
	d.Field("identity", strings.Join(slices.Concat(e.Identities, e.IdentityRegexps), ", or "))
	d.Field("issuer", strings.Join(slices.Concat(e.Issuers, e.IssuerRegexps), ", or "))
	for _, k := range e.Keys {
		d.Field("key", k.Digest)
	}
	for _, p := range policies {
		d.Outcome(signOf(p.Status), p.Name, p.Detail)
	}
}

func storeRow(m *Model, s *caseScreen, r inspect.StoreReply) row {
	said := firstOf(r.Detail, statusWord(r.Status))
	switch {
	case r.Found > 0:
		said = widget.Plural(r.Found, "signature") + " or attestations"
		if r.Found == 1 {
			said = "1 signature or attestation"
		}
	case r.Status == inspect.Absent:
		said = "asked, holds none"
	}
	return row{
		id: "store:" + r.Store + ":" + r.Subject, find: r.Store + " " + said, value: r.Subject, subject: s.subject, layer: -1, object: r,
		cells: func(w int) []widget.Cell {
			return []widget.Cell{{Text: storeSign(m.p, r), Tone: storeTone(r.Status), Width: m.p.SignWidth()}, {Text: "store", Tone: widget.ToneDim, Width: 9}, {Text: r.Store + " " + shortDigest(r.Subject) + ": " + said, Tone: widget.ToneDim, Width: -1}}
		},
		detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "Store "+r.Store)
			d.Outcome(signOf(r.Status), said, "")
			d.Field("asked for", r.Subject)
			d.Field("detail", r.Detail)
			if s.image().Index == r.Subject {
				d.Say(widget.ToneDim, "This digest is the index; the image is one of its manifests.")
			}
		},
	}
}

// storeSign: a number where something was found.
func storeSign(p *widget.Paint, r inspect.StoreReply) string {
	if r.Status == inspect.Verified {
		return fmt.Sprint(min(9, r.Found))
	}
	return p.Sign(signOf(r.Status))
}

// storeTone: that a store answered is no verdict, so it is never green.
func storeTone(s inspect.Status) widget.Tone {
	if s == inspect.Unknown || s == inspect.Failed {
		return signOf(s).Tone()
	}
	return widget.ToneDim
}
