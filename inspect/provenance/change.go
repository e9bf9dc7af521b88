package provenance

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// side is what is known of one of two images: who signed it, and how it claims to be built.
// Signatures that do not hold are counted only: a broken one names whom it likes.
type side struct {
	signers      []signer
	unsettled    int // signatures that hold for no signer: broken, or without a key at hand
	provenance   []judged
	signatures   []inspect.Signature
	certificates []inspect.Certificate // of signatures whose chain holds
	unasked      []string              // stores that could not be asked, in words
}

// change is something that is not as it was, in one sentence.
// The code is stable; the text becomes a title, a sentence of the diff and a part of an answer.
type change struct {
	code     string
	text     string
	severity inspect.Severity
}

// compareSigners describes what changed in who signed. word is what the earlier image is called.
//
// Gone and changed are loud whether or not a signature is required: an image of another publisher is unsigned or
// signed by that one. New is calm, since a signature takes nothing away.
func compareSigners(before, now side, word string) []change {
	switch {
	case len(before.signers) == 0 && len(now.signers) == 0:
		return nil
	case len(before.signers) == 0:
		return []change{{inspect.CodeSignatureNew, fmt.Sprintf("unsigned in the %s image, signed by %s now", word,
			names(now.signers)), inspect.Info}}
	case len(now.signers) == 0 && now.unsettled > 0:
		return []change{{
			inspect.CodeSignatureGone,
			fmt.Sprintf("signed by %s in the %s image, and no signature that is here now is valid",
				names(before.signers), word), inspect.High,
		}}
	case len(now.signers) == 0:
		return []change{{inspect.CodeSignatureGone, fmt.Sprintf("signed by %s in the %s image, unsigned now",
			names(before.signers), word), inspect.High}}
	}
	return compareNames(before.signers, now.signers, word)
}

// compareNames pairs the signers of both images: the same one calms, however many others there are.
// The ref is compared apart from the name, since each release has another one.
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
		return []change{{inspect.CodeSignerChanged, fmt.Sprintf("signed by %s in the %s image, by %s now",
			names(before),
			word, names(now)), strangeness(before, now)}}
	case len(other) > 0:
		return []change{{inspect.CodeSignerAdded, fmt.Sprintf("signed by %s besides, who did not sign the %s image",
			names(other), word), inspect.Low}}
	case moved != "":
		return []change{{inspect.CodeSignerRefChanged, moved, inspect.Info}}
	default:
		return nil
	}
}

// strangeness is how far away the new signers are: another workflow of the same repository is closer than any other
// signer. It can be added by whoever may push there, so that it is not calm either.
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

// compareProvenance describes what changed in how the image was built, by the best statement of each. confirmed reports
// that a person confirmed the earlier image.
// It returns nil where neither image has a statement.
func compareProvenance(before, now side, word string, confirmed bool) []change {
	b, n := best(before.provenance), best(now.provenance)
	switch {
	case b == nil && n == nil:
		return nil
	case b == nil:
		text := fmt.Sprintf("no provenance in the %s image, built by %s now", word, orNone(n.Builder))
		return []change{{inspect.CodeProvenanceNew, text, inspect.Info}}
	case n == nil && b.Signed:
		text := fmt.Sprintf("provenance missing; the %s image had signed provenance from %s", word, orNone(b.Builder))
		return []change{{inspect.CodeProvenanceGone, text, inspect.High}}
	case n == nil:
		severity := inspect.Low
		if confirmed {
			severity = inspect.Medium
		}
		return []change{{
			inspect.CodeProvenanceGone,
			fmt.Sprintf("unsigned claims about the build in the %s image, none now",
				word), severity,
		}}
	}
	var list []change
	if b.Signed && !n.Signed {
		text := fmt.Sprintf("signed provenance in the %s image, only unsigned claims now", word)
		list = append(list, change{inspect.CodeProvenanceUnsigned, text, inspect.High})
	}
	return append(list, builds{*b, *n, word, confirmed}.compare()...)
}

// builds are two statements about how an image was built.
// Both are the best statement of their image, which need not be of one kind.
type builds struct {
	before, now inspect.Provenance
	word        string // for the earlier image
	confirmed   bool
}

// weigh lowers what only unsigned statements differ in.
// Whoever replaced the image could have written the claim as well, so that an equal one would prove nothing.
func (b builds) weigh(s inspect.Severity) inspect.Severity {
	if !b.before.Signed || !b.now.Signed {
		return inspect.Low
	}
	return s
}

// against weighs a claim that speaks against its maker: there is no reason to name a stranger's builder or
// repository. An unsigned one weighs as much only if a person confirmed what it is compared with.
func (b builds) against() inspect.Severity {
	if b.confirmed || b.before.Signed && b.now.Signed {
		return inspect.High
	}
	return inspect.Medium
}

// change words one difference: "builder https://a in the known-good image, https://b now".
func (b builds) change(code, what, from, to string, s inspect.Severity) change {
	return change{code, fmt.Sprintf("%s %s in the %s image, %s now", what, orNone(from), b.word, orNone(to)), s}
}

// compare compares builder, source, ref and kind of build. A claim about oneself weighs little where it is
// unsigned; one that names another owner's repository or builder speaks against its maker, signed or not.
// Each difference is a change of its own, since each has another code and weight.
func (b builds) compare() []change {
	list := append(append(b.builder(), b.source()...), b.run()...)
	if b.before.BuildType != b.now.BuildType {
		list = append(list, b.change(inspect.CodeBuildTypeChanged, "kind of build", b.before.BuildType, b.now.BuildType,
			inspect.Low))
	}
	return list
}

// run compares how a build was started: its trigger, its runner, and the file of its workflow. A real pipeline with a
// valid signature that was made to build otherwise shows in these and in nothing else. Where the certificates of the
// signatures tell the same, the findings have the same codes and are one.
func (b builds) run() []change {
	var list []change
	for _, p := range []struct {
		name, what, code string
		severity         func(from, to string) inspect.Severity
	}{
		{parameterTrigger, "started by", inspect.CodeTriggerChanged, triggerSeverity},
		{parameterRunner, "run on", inspect.CodeRunnerChanged, runnerSeverity},
		{parameterWorkflow, "built by the workflow", inspect.CodeWorkflowChanged, always(inspect.Medium)},
	} {
		from, to := b.before.Parameters[p.name], b.now.Parameters[p.name]
		if from != "" && to != "" && from != to {
			list = append(list, b.change(p.code, p.what, clip(from), clip(to), b.weigh(p.severity(from, to))))
		}
	}
	return list
}

// builder compares who built. A run has its number in the address of the builder, which is another each time.
// What stands behind the @ is the version of a reusable builder, as slsa-github-generator's
// …/builder.yml@refs/tags/v2.
func (b builds) builder() []change {
	oldBuilder, oldVersion, _ := strings.Cut(b.before.Builder, "@")
	newBuilder, newVersion, _ := strings.Cut(b.now.Builder, "@")
	was, is := projectOf(b.before.Builder), projectOf(b.now.Builder)
	ofRun := runOf.MatchString(oldBuilder) && runOf.MatchString(newBuilder)
	switch {
	case oldBuilder == newBuilder && oldVersion == newVersion:
		return nil
	case oldBuilder == newBuilder:
		return []change{b.change(inspect.CodeBuilderVersionChanged, "builder", b.before.Builder, b.now.Builder,
			inspect.Info)}
	case ofRun && is == was && !isWorkflow(oldBuilder) && !isWorkflow(newBuilder):
		return []change{b.change(inspect.CodeBuilderRunChanged, "builder", b.before.Builder, b.now.Builder,
			inspect.Info)}
	case is.foreign(was) && is.host == was.host:
		return []change{b.change(inspect.CodeBuilderForeign, "built by another party: builder", b.before.Builder,
			b.now.Builder, b.against())}
	}
	severity := b.weigh(inspect.High)
	if b.confirmed && severity == inspect.Low && oldBuilder != "" && newBuilder != "" {
		severity = inspect.Medium
	}
	return []change{b.change(inspect.CodeBuilderChanged, "builder", b.before.Builder, b.now.Builder, severity)}
}

// source compares the repository, and where it is the same one, the ref.
// A repository that cannot be read as host and owner is compared as a text.
func (b builds) source() []change {
	was, is := projectOf(b.before.Source), projectOf(b.now.Source)
	switch {
	case b.before.Source == b.now.Source, alike(b.before.Source, b.now.Source), was.known() && was == is:
		return b.ref()
	case is.foreign(was):
		text := "built from another party's source:"
		return []change{b.change(inspect.CodeSourceForeign, text, b.before.Source, b.now.Source, b.against())}
	case was.known() && is.known():
		return []change{b.change(inspect.CodeSourceChanged, "source", b.before.Source, b.now.Source, b.against())}
	}
	return []change{b.change(inspect.CodeSourceChanged, "source", b.before.Source, b.now.Source, b.weigh(inspect.High))}
}

// ref compares the refs of one repository: the next tag is calm, a branch in place of a tag is not.
func (b builds) ref() []change {
	if b.before.Ref == b.now.Ref {
		return nil
	}
	severity := inspect.Info // another tag is how releases are made
	tagged := strings.HasPrefix(b.before.Ref, "refs/tags/")
	if !tagged || !strings.HasPrefix(b.now.Ref, "refs/tags/") {
		severity = b.weigh(inspect.Medium)
	}
	if tagged && severity == inspect.Low && b.confirmed && strings.HasPrefix(b.now.Ref, "refs/heads/") {
		severity = inspect.Medium // a release before, no release now
	}
	return []change{b.change(inspect.CodeRefChanged, "ref", b.before.Ref, b.now.Ref, severity)}
}

// best is the statement that proves most: a signed one whose chain holds, else a claim. Summaries name no builder.
// nil where nothing but summaries and statements that cannot be read was found.
func best(rows []judged) *inspect.Provenance {
	var claim *inspect.Provenance
	for i := range rows {
		r := &rows[i].row
		switch {
		case isSummary(r.PredicateType) || r.Reason == inspect.ReasonMalformed:
			continue
		case r.Signed && rows[i].holds:
			return r
		case !r.Signed && claim == nil:
			claim = r
		}
	}
	return claim
}
