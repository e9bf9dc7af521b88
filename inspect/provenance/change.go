package provenance

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// side is what is known of one of two images: who signed it, and how it says it was built.
type side struct {
	signers    []signer
	unsettled  int // signatures that hold for nobody: broken, or without a key at hand
	provenance []judged
	unasked    []string // stores that could not be asked, in words
}

// change is something that is not as it was, in one sentence.
type change struct {
	code     string
	text     string
	severity inspect.Severity
}

// compareSigners says what changed in who signed. word is what the earlier image is called.
func compareSigners(before, now side, word string) []change {
	switch {
	case len(before.signers) == 0 && len(now.signers) == 0:
		return nil
	case len(before.signers) == 0:
		return []change{{"signature-new", fmt.Sprintf("unsigned in the %s image, signed by %s now", word, names(now.signers)), inspect.Info}}
	case len(now.signers) == 0 && now.unsettled > 0:
		return []change{{"signature-gone", fmt.Sprintf("signed by %s in the %s image, and no signature that is here now holds", names(before.signers), word), inspect.High}}
	case len(now.signers) == 0:
		return []change{{"signature-gone", fmt.Sprintf("signed by %s in the %s image, unsigned now", names(before.signers), word), inspect.High}}
	}
	return compareNames(before.signers, now.signers, word)
}

// compareNames pairs the signers of both images: the same one calms, however many others there are.
func compareNames(before, now []signer, word string) []change {
	var other []signer
	shared, moved := false, ""
	for _, n := range now {
		known := false
		for _, b := range before {
			if !n.sameAs(b) {
				continue
			}
			known, shared = true, true
			if n.ref != b.ref {
				moved = fmt.Sprintf("signed by %s in the %s image, by the same workflow at %s now", b, word, n.ref)
			} else {
				moved = ""
			}
		}
		if !known {
			other = append(other, n)
		}
	}
	switch {
	case !shared:
		return []change{{"signer-changed", fmt.Sprintf("signed by %s in the %s image, by %s now", names(before), word, names(now)), strangeness(before, now)}}
	case len(other) > 0:
		return []change{{"signer-added", fmt.Sprintf("signed by %s besides, who did not sign the %s image", names(other), word), inspect.Low}}
	case moved != "":
		return []change{{"signer-ref-changed", moved, inspect.Info}}
	default:
		return nil
	}
}

// strangeness is how far away the new signers are: another workflow of the same repository is closer than anybody else.
func strangeness(before, now []signer) inspect.Severity {
	for _, b := range before {
		for _, n := range now {
			if b.repository() != "" && b.repository() == n.repository() && b.issuer == n.issuer {
				return inspect.Medium
			}
		}
	}
	return inspect.High
}

// compareProvenance says what changed in how the image was built, by the best statement of each.
func compareProvenance(before, now side, word string) []change {
	b, n := best(before.provenance), best(now.provenance)
	switch {
	case b == nil && n == nil:
		return nil
	case b == nil:
		return []change{{"provenance-new", fmt.Sprintf("no provenance in the %s image, built by %s now", word, orNone(n.Builder)), inspect.Info}}
	case n == nil && b.Signed:
		return []change{{"provenance-gone", fmt.Sprintf("provenance missing; the %[2]s image had signed provenance from %[1]s", orNone(b.Builder), word), inspect.High}}
	case n == nil:
		return []change{{"provenance-gone", fmt.Sprintf("unsigned claims about the build in the %s image, none now", word), inspect.Low}}
	}
	var list []change
	if b.Signed && !n.Signed {
		list = append(list, change{"provenance-unsigned", fmt.Sprintf("signed provenance in the %s image, only unsigned claims now", word), inspect.High})
	}
	return append(list, compareBuilds(*b, *n, word)...)
}

// compareBuilds compares builder, source, ref and kind of build. What nobody signed weighs less.
func compareBuilds(b, n inspect.Provenance, word string) []change {
	weigh := func(s inspect.Severity) inspect.Severity {
		if !b.Signed || !n.Signed {
			return inspect.Low
		}
		return s
	}
	var list []change
	add := func(code, what, from, to string, s inspect.Severity) {
		list = append(list, change{code, fmt.Sprintf("%s %s in the %s image, %s now", what, orNone(from), word, orNone(to)), s})
	}
	oldBuilder, oldVersion, _ := strings.Cut(b.Builder, "@")
	newBuilder, newVersion, _ := strings.Cut(n.Builder, "@")
	switch {
	case oldBuilder != newBuilder:
		add("builder-changed", "builder", b.Builder, n.Builder, weigh(inspect.High))
	case oldVersion != newVersion:
		add("builder-version-changed", "builder", b.Builder, n.Builder, inspect.Info)
	}
	if b.Source != n.Source && !alike(b.Source, n.Source) {
		add("source-changed", "source", b.Source, n.Source, weigh(inspect.High))
	} else if b.Ref != n.Ref {
		severity := inspect.Info // another tag is how releases are made
		if !strings.HasPrefix(b.Ref, "refs/tags/") || !strings.HasPrefix(n.Ref, "refs/tags/") {
			severity = weigh(inspect.Medium)
		}
		add("ref-changed", "ref", b.Ref, n.Ref, severity)
	}
	if b.BuildType != n.BuildType {
		add("build-type-changed", "kind of build", b.BuildType, n.BuildType, inspect.Low)
	}
	return list
}

// best is the statement that says most: a signed one whose chain holds, else a claim. Summaries name no builder.
func best(rows []judged) *inspect.Provenance {
	var claim *inspect.Provenance
	for i := range rows {
		r := &rows[i].row
		switch {
		case isSummary(r.PredicateType) || r.Reason == reasonMalformed:
			continue
		case r.Signed && rows[i].holds:
			return r
		case !r.Signed && claim == nil:
			claim = r
		}
	}
	return claim
}
