package answer

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// lostSignature says that the image before was signed, or signed by another.
func lostSignature(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		if i.Diff == nil || i.Diff.KnownGood == nil {
			continue
		}
		for _, s := range i.Diff.Signers {
			all = append(all, Sentence{Text: in(c, i) + trim(s), Basis: Seen, Findings: by(c, "drift")})
		}
	}
	return some(all, "more changes of who signed")
}

// signatureGate says what the signature could have told, and whether anybody asked.
func signatureGate(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		g, ok := gate(i, inspect.GateSignature)
		if !ok {
			all = append(all, Sentence{Text: in(c, i) + "whether it is signed is not known: the signatures could not be checked", Basis: Open})
			continue
		}
		text, basis := "", Seen
		switch g.Status {
		case inspect.Absent:
			text = "the image is not signed, so no signature could have told it from the real one"
			if !c.Expected.Signer() && len(i.PolicyGates()) == 0 {
				text += ", and nobody said that it should be"
			}
		case inspect.Verified:
			text = "the signature that was asked for holds: whoever signs these images signed this one too"
		case inspect.Failed:
			text = "the signature that was asked for is not there or does not hold, and the image runs all the same"
		default:
			text, basis = "whether the right one signed is not known: "+trim(g.Detail), Open
		}
		all = append(all, Sentence{Text: in(c, i) + text, Basis: basis, Findings: by(c, "signatures")})
	}
	return all
}

// provenanceGate says what the provenance could have told.
func provenanceGate(c inspect.Case) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		if g, ok := gate(i, inspect.GateProvenance); ok && (g.Status == inspect.Absent || g.Status == inspect.Failed) {
			all = append(all, Sentence{Text: fmt.Sprintf("%sno provenance vouches for it: %s", in(c, i), trim(g.Detail)), Basis: Seen, Findings: by(c, "provenance")})
		}
	}
	return all
}

func gate(i inspect.Image, name string) (inspect.Gate, bool) {
	for _, g := range i.Gates {
		if g.Name == name {
			return g, true
		}
	}
	return inspect.Gate{}, false
}
