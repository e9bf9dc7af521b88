package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
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
		cells: func(w int) []cell {
			return []cell{m.p.signCell(signOf(g.Status)), {text: "gate", tone: toneDim, width: 9}, {text: g.Name + ": " + firstOf(g.Detail, statusWord(g.Status)), width: -1}}
		},
		detail: func(d *document) {
			d.say(toneBold, "Gate: "+g.Name)
			d.status(signOf(g.Status), statusWord(g.Status), g.Detail)
			d.field("whose", g.By)
			if g.FailsOpen {
				d.say(toneWarn, "While it does not answer, all is let in.")
			}
			if !g.Since.IsZero() {
				d.field("set up", stamp(g.Since))
			}
			if !g.Changed.IsZero() {
				d.field("changed", stamp(g.Changed))
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
		cells: func(w int) []cell {
			cells := []cell{
				m.p.signCell(signOf(g.Status)),
				{text: what, width: 9},
				{text: strings.TrimPrefix(who(g), "https://"), width: -3},
			}
			if reason := reasonText(g); reason != "" {
				cells = append(cells, cell{text: reason, tone: signOf(g.Status).tone(), width: -2})
			}
			return cells
		},
		detail: func(d *document) { signatureDetail(d, s, g) },
	}
}

func signatureDetail(d *document, s *caseScreen, g inspect.Signature) {
	d.status(signOf(g.Status), statusWord(g.Status), sentenceFor(g))
	for _, step := range g.Steps {
		if step.Status == inspect.Failed {
			d.status(signOf(step.Status), step.Name, step.Detail)
		}
	}
	d.field("signed by", who(g))
	d.field("issuer", g.Issuer)
	d.field("kind", g.Kind+" from "+g.Store)
	d.field("attests", g.PredicateType)
	if g.LogIndex > 0 {
		d.field("log entry", fmt.Sprintf("%d, %s", g.LogIndex, stamp(g.IntegratedTime)))
	}
	d.heading("The chain, from root to subject")
	for at, step := range g.Steps {
		if at > 0 {
			d.lines = append(d.lines, d.p.in(toneDim, "│"))
		}
		d.step(signOf(step.Status), step.Name, step.Detail)
	}
	d.gap()
	d.say(toneDim, "A verified signature says who signed these bytes; not that they are harmless.")
	for _, n := range g.Notes {
		d.put(toneNote, "• ", n)
	}
	certificateDetail(d, g)
	expectedDetail(d, s)
	d.heading("Digests")
	d.field("signature", g.Digest)
	d.field("subject", g.Subject)
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

func certificateDetail(d *document, g inspect.Signature) {
	c := g.Certificate
	if c == nil {
		return
	}
	d.heading("Certificate")
	d.field("subject", strings.Join(c.Subject, ", "))
	d.field("issued by", c.Issuer)
	d.field("valid", stamp(c.NotBefore)+" to "+stamp(c.NotAfter))
	for _, name := range sortedKeys(c.Extensions) {
		d.put(tonePlain, name+" ", c.Extensions[name])
	}
	d.field("sha256", c.SHA256)
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func expectedDetail(d *document, s *caseScreen) {
	d.heading("What was asked for")
	e := s.c.Expected
	policies := s.image().PolicyGates()
	if !e.Signer() && len(policies) == 0 {
		d.say(toneDim, "Nobody said who should have signed: no flag, no policy.")
		return
	}
	d.field("identity", strings.Join(slices.Concat(e.Identities, e.IdentityRegexps), ", or "))
	d.field("issuer", strings.Join(slices.Concat(e.Issuers, e.IssuerRegexps), ", or "))
	for _, k := range e.Keys {
		d.field("key", k.Digest)
	}
	for _, p := range policies {
		d.status(signOf(p.Status), p.Name, p.Detail)
	}
}

func storeRow(m *Model, s *caseScreen, r inspect.StoreReply) row {
	said := firstOf(r.Detail, statusWord(r.Status))
	switch {
	case r.Found > 0:
		said = plural(r.Found, "signature") + " or attestations"
		if r.Found == 1 {
			said = "1 signature or attestation"
		}
	case r.Status == inspect.Absent:
		said = "asked, holds none"
	}
	return row{
		id: "store:" + r.Store + ":" + r.Subject, find: r.Store + " " + said, value: r.Subject, subject: s.subject, layer: -1, object: r,
		cells: func(w int) []cell {
			return []cell{{text: storeSign(m.p, r), tone: storeTone(r.Status), width: m.p.signWidth()}, {text: "store", tone: toneDim, width: 9}, {text: r.Store + " " + shortDigest(r.Subject) + ": " + said, tone: toneDim, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneBold, "Store "+r.Store)
			d.status(signOf(r.Status), said, "")
			d.field("asked for", r.Subject)
			d.field("detail", r.Detail)
			if s.image().Index == r.Subject {
				d.say(toneDim, "This digest is the index; the image is one of its manifests.")
			}
		},
	}
}

// storeSign: a number where something was found.
func storeSign(p *paint, r inspect.StoreReply) string {
	if r.Status == inspect.Verified {
		return fmt.Sprint(min(9, r.Found))
	}
	return p.sign(signOf(r.Status))
}

// storeTone: that a store answered is no verdict, so it is never green.
func storeTone(s inspect.Status) tone {
	if s == inspect.Unknown || s == inspect.Failed {
		return signOf(s).tone()
	}
	return toneDim
}
