package answer

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// signatureGate is what a signature could have shown, and whether one was required.
func signatureGate(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		g, ok := gate(i, inspect.GateSignature)
		if !ok {
			all = append(all, open(in(c, i)+"whether it is signed is not known: the signatures could not be checked"))
			continue
		}
		found := by(c, i, inspect.CheckSignatures)
		switch g.Status {
		case inspect.GateAbsent:
			words := "the image is not signed, so no signature could distinguish it from the real one"
			if !c.Expected.Signer() && len(i.PolicyGates()) == 0 {
				words += ", and no signature was required"
			}
			all = append(all, seen(in(c, i)+words, found...))
		case inspect.GatePassed:
			all = append(all, seen(in(c,
				i)+"the required signature is valid: the required signer signed this image too", found...))
		case inspect.GateRefused:
			words := "the required signature is missing, and the image runs all the same"
			if n := len(i.Signatures); n > 0 {
				words = "it carries " + text.CountOf(n, "signature, which is not", "signatures, of which none is") +
					" by the required signer, and it runs all the same"
			}
			all = append(all, seen(in(c, i)+words, found...))
		default:
			all = append(all, open(in(c, i)+"whether the right one signed is not known: "+trim(g.Detail)))
		}
	}
	return some(all, "more images that are signed or not")
}
