package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// signatureRows lists the signatures, below them the other gates, and the stores that were queried: "none" is worth
// as much as the stores that answered. A gate that would refuse the image stands above the signatures, and so does
// the one of the signature check. A signature that failed stands above one that is verified: the verified one may be
// of somebody else.
func signatureRows(v View) []Row {
	i := v.Image()
	var rows []Row
	if i.Diff != nil {
		rows = driftRows(v, "signers", i.Diff.Signers)
	}
	gates := slices.Clone(i.Gates)
	slices.SortStableFunc(gates, func(a,
		b inspect.Gate,
	) int {
		return statusOrder(a.Status.Tone()) - statusOrder(b.Status.Tone())
	})
	// gates that refuse nothing come after the signatures
	var passed []Row
	for _, g := range gates {
		switch {
		// it is on Provenance
		case g.Name == inspect.GateProvenance:
		case g.Name == inspect.GateSignature, g.Status == inspect.GateRefused:
			rows = append(rows, gateRow(v, g))
		default:
			passed = append(passed, gateRow(v, g))
		}
	}
	signatures := slices.Clone(i.Signatures)
	slices.SortStableFunc(signatures, func(a,
		b inspect.Signature,
	) int {
		return statusOrder(a.Status) - statusOrder(b.Status)
	})
	for _, g := range signatures {
		rows = append(rows, signatureRow(v, g))
	}
	rows = append(rows, passed...)
	for _, r := range i.Stores {
		rows = append(rows, storeRow(v, r))
	}
	return rows
}

// statusOrder sorts what failed first, then what is open, then what is verified. A status that this version does not
// know is -1, before all others: it is looked at first.
func statusOrder(s inspect.Status) int {
	return slices.Index([]inspect.Status{inspect.Failed, inspect.Unknown, inspect.Verified, inspect.Absent}, s)
}

// gateRow is a gate: something that could have refused the image, and what it does. A gate that fails open
// (failurePolicy: Ignore) lets requests through while its webhook does not answer.
func gateRow(v View, g inspect.Gate) Row {
	return Row{
		ID: "gate:" + g.Name, Text: g.Name + " " + g.Detail, Value: g.Name + ": " + g.Detail, Container: v.Container,
		Layer: -1, Object: g,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				v.Paint.SignCell(label.Sign(g.Status.Tone())),
				{
					Text: "gate", Tone: widget.ToneDim,
					Width: 9,
				},
				{Text: gateText(g), Width: -1},
			}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "Gate: "+g.Name)
			d.Outcome(label.Sign(g.Status.Tone()), g.Status.Words(), g.Detail)
			d.Field("system", g.By)
			if g.FailsOpen {
				d.Say(widget.ToneWarn, "Fails open: while it does not answer, requests are admitted unchecked.")
			}
			if !g.Since.IsZero() {
				d.Field("set up", label.Stamp(g.Since))
			}
			if !g.Changed.IsZero() {
				d.Field("changed", label.Stamp(g.Changed))
			}
			expectedDetail(d, v)
		},
	}
}

// gateText is a gate in one line. The word for its outcome comes before the detail, which a narrow screen cuts:
// "namespace shop lacks the label" without its end reads as if the gate were in force.
func gateText(g inspect.Gate) string {
	return strings.TrimSuffix(g.Name+" "+g.Status.Words()+": "+g.Detail, ": ")
}

// signerText names the signer of a signature. An identity is from the certificate and only proven where the signature
// is verified; a key is named by the digest of its DER.
func signerText(g inspect.Signature) string {
	switch {
	case g.Identity != "":
		return g.Identity
	case g.Key != "":
		return "key " + label.Digest(g.Key)
	default:
		return "unknown signer"
	}
}

// signatureRow is a signature or an attestation of the image.
func signatureRow(v View, g inspect.Signature) Row {
	what := "signature"
	if g.PredicateType != "" {
		what = "attested"
	}
	return Row{
		ID: "signature:" + g.ID, Text: signerText(g) + " " + g.Issuer + " " + g.Kind + " " + g.Store + " " + g.Reason +
			" " + g.PredicateType, Value: signerText(g), Container: v.Container, Mark: g.ID,
		Layer: -1, Raw: viewer.Raw(g.Raw), Object: g,
		Line: func(w int) []widget.Cell {
			cells := []widget.Cell{
				v.Paint.SignCell(label.Sign(g.Status)),
				{Text: what, Width: 9},
				{Text: strings.TrimPrefix(signerText(g), "https://"), Width: -3},
			}
			// a sign alone is lost where a terminal cannot draw it, or in a copy of the screen
			return append(cells, widget.Cell{
				Text: cmp.Or(reasonText(g), g.Status.Words()),
				Tone: label.Sign(g.Status).Tone(), Width: -2,
			})
		},
		Detail: func(d *widget.Document) { signatureDetail(d, v, g) },
	}
}

// signatureDetail writes a signature link by link, from the root to the subject, the failed links first. The failed
// links are repeated above the chain, which may be longer than the screen. A log index of 0 is not drawn: it is the
// value of a signature without an entry as well.
func signatureDetail(d *widget.Document, v View, g inspect.Signature) {
	d.Outcome(label.Sign(g.Status), g.Status.Words(), sentenceFor(g))
	for _, step := range g.Steps {
		if step.Status == inspect.Failed {
			d.Outcome(label.Sign(step.Status), step.Name, step.Detail)
		}
	}
	d.Field("signed by", signerText(g))
	d.Field("issuer", g.Issuer)
	d.Field("kind", g.Kind+" from "+g.Store)
	d.Field("attests", g.PredicateType)
	if g.LogIndex > 0 {
		d.Field("log entry", fmt.Sprintf("%d, %s", g.LogIndex, label.Stamp(g.IntegratedTime)))
	}
	d.Heading("The chain, from root to subject")
	for at, step := range g.Steps {
		// the rule between two links of the chain
		if at > 0 {
			d.Lines = append(d.Lines, d.P.In(widget.ToneDim, "│"))
		}
		d.Step(label.Sign(step.Status), step.Name, step.Detail)
	}
	trustDetail(d, v)
	d.Gap()
	d.Say(widget.ToneDim, "A verified signature proves who signed these bytes, not that they are harmless.")
	for _, n := range g.Notes {
		d.Put(widget.ToneNote, "• ", n)
	}
	certificateDetail(d, g)
	expectedDetail(d, v)
	d.Heading("Digests")
	d.Field("signature", g.Digest)
	d.Field("subject", g.Subject)
	notesOn(d, v, g.ID)
}

// trustDetail writes the roots that the chain was verified against, with their age: a key that is younger than the root
// is not in it, and its signatures are then of an untrusted root.
func trustDetail(d *widget.Document, v View) {
	for _, r := range v.Case.Trust {
		if r.Kind == "sigstore" {
			d.Field("trust root", strings.TrimSuffix(r.Origin+", "+cmp.Or(r.AgeWords(), r.Name), ", "))
		}
	}
}

// reasonText is the reason in a few words, for a row. The codes are those of package signature; one that is not known
// here, as of a later version, is shown as it is.
func reasonText(g inspect.Signature) string {
	switch g.Reason {
	case inspect.ReasonNoExpectation:
		return "no policy requires a signer"
	case inspect.ReasonUnknownKey:
		return "no known key"
	case inspect.ReasonIdentityMismatch:
		return "another signer is required"
	case inspect.ReasonSubjectMismatch:
		return "is of another image"
	case inspect.ReasonInvalidSignature:
		return "invalid"
	default:
		return strings.ReplaceAll(g.Reason, "-", " ")
	}
}

// sentenceFor is the reason in words, where it needs any.
func sentenceFor(g inspect.Signature) string {
	switch g.Reason {
	case inspect.ReasonNoExpectation:
		return "signed by " + signerText(g) + ", no policy requires a signer"
	case inspect.ReasonUnknownKey:
		return "no known key verifies it"
	case inspect.ReasonIdentityMismatch:
		return "another signer is required"
	case inspect.ReasonSubjectMismatch:
		return "the signature is of another image"
	case inspect.ReasonInvalidSignature:
		return "the signature is invalid"
	default:
		return strings.ReplaceAll(g.Reason, "-", " ")
	}
}

// certificateDetail writes the signing certificate with its extensions (Fulcio: commit, workflow, repository).
// Fulcio's extensions have OIDs below 1.3.6.1.4.1.57264.1; the facts have them by name.
func certificateDetail(d *widget.Document, g inspect.Signature) {
	c := g.Certificate
	if c == nil {
		return
	}
	d.Heading("Certificate")
	d.Field("subject", strings.Join(c.Subject, ", "))
	d.Field("issued by", c.Issuer)
	d.Field("valid", label.Stamp(c.NotBefore)+" to "+label.Stamp(c.NotAfter))
	for _, name := range sortedKeys(c.Extensions) {
		d.Put(widget.TonePlain, name+" ", c.Extensions[name])
	}
	d.Field("sha256", c.SHA256)
}

// sortedKeys are the keys of a map in their order, so that a frame is always the same.
func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// expectedDetail writes who should have signed, by flags and policies. Flags and policies are listed apart: a policy
// is named with what it demands.
func expectedDetail(d *widget.Document, v View) {
	d.Heading("Required")
	e := v.Case.Expected
	policies := v.Image().PolicyGates()
	if !e.Signer() && len(policies) == 0 {
		d.Say(widget.ToneDim, "No flag and no policy requires a signer.")
		return
	}
	d.Field("identity", strings.Join(slices.Concat(e.Identities, e.IdentityRegexps), ", or "))
	d.Field("issuer", strings.Join(slices.Concat(e.Issuers, e.IssuerRegexps), ", or "))
	for _, k := range e.Keys {
		d.Field("key", k.Digest)
	}
	for _, p := range policies {
		d.Outcome(label.Sign(p.Status.Tone()), p.Name, p.Detail)
	}
}

// storeRow is a store that was queried, with what was found there. A store is queried for each digest of an image,
// index and manifest, so that both are in its identity.
func storeRow(v View, r inspect.StoreReply) Row {
	result := strings.TrimSuffix("unreachable: "+r.Detail, ": ")
	switch {
	case r.Found > 0:
		result = widget.Plural(r.Found, "signature") + " or attestations"
		if r.Found == 1 {
			result = "1 signature or attestation"
		}
	case r.Status == inspect.StoreEmpty:
		result = "none"
	}
	return Row{
		ID: "store:" + r.Store + ":" + r.Subject, Text: r.Store + " " + result, Value: r.Subject,
		Container: v.Container, Layer: -1, Object: r,
		Line: func(w int) []widget.Cell {
			return []widget.Cell{
				{Text: storeSign(v.Paint, r), Tone: storeTone(r.Status), Width: v.Paint.SignWidth()},
				{Text: "store", Tone: widget.ToneDim, Width: 9},
				{Text: r.Store + " " + label.Digest(r.Subject) + ": " + result, Tone: widget.ToneDim, Width: -1},
			}
		},
		Detail: func(d *widget.Document) {
			d.Say(widget.ToneBold, "Store "+r.Store)
			d.Say(storeTone(r.Status), result)
			d.Field("digest", r.Subject)
			d.Field("detail", r.Detail)
			if v.Image().Index == r.Subject {
				d.Say(widget.ToneDim, "This digest is the index; the image is one of its manifests.")
			}
		},
	}
}

// storeSign: a number where something was found. It has one column, so that more than nine are 9; the row has the
// number.
func storeSign(p *widget.Paint, r inspect.StoreReply) string {
	if r.Status == inspect.StoreFound {
		return fmt.Sprint(min(9, r.Found))
	}
	return p.Sign(label.Sign(r.Status.Tone()))
}

// storeTone: an answer of a store is no verdict, so it is never green.
func storeTone(s inspect.StoreStatus) widget.Tone {
	if s == inspect.StoreUnreachable {
		return widget.ToneWarn
	}
	return widget.ToneDim
}
