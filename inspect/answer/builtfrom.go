package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// builtFrom is which source and builder the provenance names, and how far that can be believed: a verified statement
// was seen; an unsigned one, or one by a signer who was not expected, is a claim.
func builtFrom(c inspect.Case) []inspect.Sentence {
	var all []inspect.Sentence
	for _, i := range suspects(c) {
		best, ok := bestProvenance(i)
		switch {
		case !ok:
			all = append(all, open(in(c,
				i)+"which commit and builder made the image is not known: it carries no provenance"))
		case best.Signed && best.Status == inspect.Verified:
			all = append(all, seen(fmt.Sprintf("%sit was built from %s at %s by %s", in(c, i), orNotStated(best.Source),
				commit(best), orNotStated(best.Builder))))
		default:
			text := fmt.Sprintf("%sit was built from %s at %s by %s", in(c, i), orNotStated(best.Source), commit(best),
				orNotStated(best.Builder))
			all = append(all, claimed(text, whoClaims(i, best)))
		}
	}
	return some(all, "more images with or without provenance")
}

// commit is a commit as people write it: 12 digits are unique in any repository.
func commit(p inspect.Provenance) string {
	if p.Commit == "" {
		return "a commit that is not stated"
	}
	text := text.Clean(p.Commit)
	return "commit " + strings.ToValidUTF8(text[:min(len(text), 12)], "")
}

// whoClaims is who makes a statement that nothing verifies.
// The identity is named although it was not expected: the reader may know it.
func whoClaims(i inspect.Image, p inspect.Provenance) string {
	if !p.Signed {
		return "an unsigned statement"
	}
	at := slices.IndexFunc(i.Signatures, func(s inspect.Signature) bool { return s.ID == p.Signature })
	if at >= 0 && i.Signatures[at].Identity != "" {
		return "a statement of " + text.Clean(i.Signatures[at].Identity) + ", who was not expected"
	}
	return "a statement whose signature proves nothing here"
}

// bestProvenance is the statement that can be believed most; of equals the first.
func bestProvenance(i inspect.Image) (inspect.Provenance, bool) {
	if len(i.Provenance) == 0 {
		return inspect.Provenance{}, false
	}
	return slices.MinFunc(i.Provenance, func(a, b inspect.Provenance) int { return trustRank(a) - trustRank(b) }), true
}

// trustRank orders statements by how far they can be believed, best first.
// A signed statement whose signature failed ranks above an unsigned one: it names at least who could have made it.
func trustRank(p inspect.Provenance) int {
	switch {
	case p.Signed && p.Status == inspect.Verified:
		return 0
	case p.Signed:
		return 1
	default:
		return 2
	}
}
