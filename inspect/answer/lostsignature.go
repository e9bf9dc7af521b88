package answer

import "github.com/backtrail/backtrail/inspect"

// lostSignature states that the previous image was signed, or signed by another: the strongest sign of another
// publisher.
// What is gone is among the sentences only where every store of the image could be asked (provenance.Drift).
func lostSignature(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		if i.Diff == nil || i.Diff.KnownGood == nil {
			continue
		}
		for _, s := range i.Diff.Signers {
			all = append(all, seen(in(c, i)+trim(s), by(c, i, inspect.CheckDrift)...))
		}
	}
	return some(all, "more changes of who signed")
}
