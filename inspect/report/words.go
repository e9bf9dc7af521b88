package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/headline"
	"github.com/backtrail/backtrail/inspect/text"
)

// join adds what is not empty, with a middle dot between.
// It is the separator of every line of facts, so that a reader can cut at it.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// signer is one row: who signed, and how sure that is.
// The name of a signature that failed is what it claims, which is why its reason comes first.
func signer(s inspect.Signature) string {
	who := cmp.Or(s.Identity, keyName(s.Key))
	switch {
	case s.Status == inspect.Verified:
		return "signed by " + cmp.Or(who, "an expected signer")
	case s.Reason == inspect.ReasonNoExpectation:
		return "signed by " + cmp.Or(who, "an unnamed signer") + "; no rule names who should have"
	case s.Reason == inspect.ReasonUnknownKey:
		return "signed with a key that is not at hand"
	case who == "":
		return s.Reason
	default:
		return s.Reason + ": " + who
	}
}

// keyName names a key by the beginning of its digest.
// A key has no name that anyone vouches for.
func keyName(digest string) string {
	if digest == "" {
		return ""
	}
	return "key " + text.ShortDigest(digest)
}

// signed is the signature verdict of an image in one sentence. Where the gate knows more than the rows, it takes
// precedence.
//
// Absent is returned only where every store was asked and had none.
func signed(c inspect.Case, i inspect.Image) (inspect.Status, string) {
	if s, ok := headline.BestSignature(i); ok {
		text := signer(s)
		if n := len(i.Signatures); n > 1 {
			text += fmt.Sprintf(" (and %d more)", n-1)
		}
		return s.Status, text
	}
	for _, g := range i.Gates {
		if g.Name == inspect.GateSignature {
			return g.Status.Tone(), unsigned(g)
		}
	}
	for _, r := range i.Stores {
		if r.Status == inspect.StoreUnreachable {
			return inspect.Unknown, fmt.Sprintf("no signature found, and %s could not be asked: %s", r.Store, r.Detail)
		}
	}
	if state, ok := c.Check(inspect.CheckSignatures, i.Container); ok && state.Status == inspect.CheckBlocked {
		return inspect.Unknown, orRunning(state)
	}
	return inspect.Absent, "unsigned: no signature found"
}

// unsigned is the result of the gate for an image without signatures, with that first.
// An unknown gate comes without the word unsigned: nothing is known yet.
func unsigned(g inspect.Gate) string {
	switch {
	case g.Detail == "":
		return "unsigned"
	case g.Status == inspect.GateUnknown:
		return g.Detail
	default:
		return "unsigned; " + g.Detail
	}
}

// orRunning is why a check did not look, or that it still does.
// A report of a running case is one of what is known so far.
func orRunning(s inspect.CheckState) string {
	if s.Running() {
		return "still checking"
	}
	return s.Reason
}

// built is the provenance verdict of an image in one sentence.
// The best statement counts: verified before failed before unknown, signed before unsigned.
func built(c inspect.Case, i inspect.Image) (inspect.Status, string) {
	if len(i.Provenance) == 0 {
		if state, ok := c.Check(inspect.CheckProvenance, i.Container); ok && state.Status == inspect.CheckBlocked {
			return inspect.Unknown, orRunning(state)
		}
		return inspect.Absent, "no provenance"
	}
	rank := func(p inspect.Provenance) int {
		r := slices.Index([]inspect.Status{inspect.Verified, inspect.Failed, inspect.Unknown, inspect.Absent},
			p.Status) * 2
		if !p.Signed {
			r++
		}
		return r
	}
	p := slices.MinFunc(i.Provenance, func(a, b inspect.Provenance) int { return rank(a) - rank(b) })
	return p.Status, provenance(p)
}

// provenance describes where a statement claims that the image came from.
// A commit is cut to 12 characters, within UTF-8: it is a foreign text like any other.
func provenance(p inspect.Provenance) string {
	source := p.Source
	if p.Commit != "" {
		source += "@" + strings.ToValidUTF8(p.Commit[:min(12, len(p.Commit))], "")
	}
	text := "from " + cmp.Or(source, "an unnamed source") + " by " + cmp.Or(p.Builder, "an unnamed builder")
	switch {
	case !p.Signed:
		text = "claimed by an unsigned statement: " + text
	case p.Reason == inspect.ReasonNoExpectation:
		text += "; no rule names its expected origin"
	case p.Status != inspect.Verified && p.Reason != "":
		text = p.Reason + ": " + text
	}
	return text
}

// question is one of the three questions in words.
func question(q string) string {
	switch q {
	case inspect.WhereFrom:
		return "Where did it come from?"
	case inspect.HowIn:
		return "How did it get in?"
	case inspect.WhyMissed:
		return "Why was it not flagged earlier?"
	default:
		return q
	}
}
