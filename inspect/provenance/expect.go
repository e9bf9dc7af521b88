package provenance

import (
	"fmt"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/backtrail/backtrail/inspect"
)

// mismatch is a claim that is not what was expected.
type mismatch struct {
	reason string // in CONTRACT's words
	detail string // what was compared with what
}

// compare lists what is not as expected, in the order source, branch, tag, versioned tag, builder. Of each kind, one of
// several expected values must fit.
//
// The flags and their meaning are slsa-verifier's (its README, "Verification for GitHub builders"). The first mismatch
// gives the row its reason; all of them become notes.
func compare(c claims, e inspect.Expected) []mismatch {
	var all []mismatch
	add := func(m *mismatch) {
		if m != nil {
			all = append(all, *m)
		}
	}
	add(compareSource(c, e.SourceURIs))
	add(compareBranch(c, e.SourceBranches))
	add(compareTag(c, e.SourceTags, inspect.ReasonTagMismatch, func(tag, want string) bool { return tag == want }))
	add(compareTag(c, e.SourceVersioneds, inspect.ReasonTagMismatch, fitsVersion))
	add(compareBuilder(c, e.BuilderIDs))
	return all
}

// compareSource requires every place of the statement that names a source to name the same expected one: otherwise a
// workflow of one repository could build another.
// An example: a workflow of acme/app that is triggered there and checks out evil/app names both, and fits neither.
func compareSource(c claims, expected []string) *mismatch {
	if len(expected) == 0 {
		return nil
	}
	if len(c.sources) == 0 {
		return &mismatch{inspect.ReasonSourceMismatch, fmt.Sprintf("expected source %s, the statement names none",
			orList(expected))}
	}
	var odd source
	for _, want := range expected {
		fits := true
		for _, s := range c.sources {
			if !sameRepo(s.repo, want) {
				fits, odd = false, s
				break
			}
		}
		if fits {
			return nil
		}
	}
	who := "the statement"
	if odd.from != "" {
		who = odd.from
	}
	return &mismatch{inspect.ReasonSourceMismatch, fmt.Sprintf("expected source %s, %s names %s", orList(expected),
		who, clip(odd.repo))}
}

// compareBranch requires one of the expected branches, without refs/heads/. A statement without a branch fits none.
func compareBranch(c claims, expected []string) *mismatch {
	if len(expected) == 0 {
		return nil
	}
	for _, want := range expected {
		if c.branch != "" && c.branch == want {
			return nil
		}
	}
	return &mismatch{inspect.ReasonBranchMismatch, fmt.Sprintf("expected branch %s, the statement names %s",
		orList(expected),
		orNone(c.branch))}
}

// A statement without a tag has a reason of its own: it is a build of a branch, and not one of another release.
func compareTag(c claims, expected []string, reason string, fits func(tag, want string) bool) *mismatch {
	if len(expected) == 0 {
		return nil
	}
	if c.tag == "" {
		return &mismatch{
			inspect.ReasonNotATagBuild,
			fmt.Sprintf("expected tag %s, and this is no build of a tag (ref %s)",
				orList(expected), orNone(c.source().ref)),
		}
	}
	for _, want := range expected {
		if fits(c.tag, want) {
			return nil
		}
	}
	return &mismatch{reason, fmt.Sprintf("expected tag %s, the statement names %s", orList(expected), clip(c.tag))}
}

// fitsVersion compares as slsa-verifier does with --source-versioned-tag: v1 fits every v1.x.y, v1.2 every v1.2.y,
// v1.2.3-rc.1 only itself. Build metadata does not count.
// Both need the leading v that golang.org/x/mod/semver asks for; what is no version fits nothing.
func fitsVersion(tag, want string) bool {
	if !semver.IsValid(tag) || !semver.IsValid(want) {
		return false
	}
	switch strings.Count(strings.SplitN(strings.SplitN(want, "-", 2)[0], "+", 2)[0], ".") {
	case 0:
		return semver.Major(tag) == semver.Major(want)
	case 1:
		return semver.MajorMinor(tag) == semver.MajorMinor(want)
	default:
		return semver.Canonical(tag) == semver.Canonical(want)
	}
}

// compareBuilder requires the builder's name to be the expected one exactly, and its version where one is expected:
// …/builder.yml@v1.2.3 fits that one, which the builder itself may write refs/tags/v1.2.3; …/builder.yml fits every
// release and no branch, where whoever may push can rewrite the builder.
func compareBuilder(c claims, expected []string) *mismatch {
	if len(expected) == 0 {
		return nil
	}
	for _, want := range expected {
		if sameBuilder(c.builder, want) {
			return nil
		}
	}
	text := fmt.Sprintf("expected builder %s, the statement names %s", orList(expected), orNone(c.builder))
	for _, want := range expected {
		if name, version, at := strings.Cut(c.builder, "@"); at && name == want {
			text += fmt.Sprintf("; without a version only releases of it fit, and %s is none", clip(version))
			break
		}
	}
	return &mismatch{inspect.ReasonBuilderMismatch, text}
}

// Names are compared as they are written: the URI of a builder has no other spelling.
func sameBuilder(said, want string) bool {
	if said == "" {
		return false
	}
	name, version, _ := strings.Cut(said, "@")
	wantName, wantVersion, versioned := strings.Cut(want, "@")
	if name != wantName {
		return false
	}
	if !versioned {
		return !strings.Contains(said, "@") || isRelease(strings.TrimPrefix(version, "refs/tags/"))
	}
	return version == wantVersion || version == "refs/tags/"+wantVersion
}

// isRelease reports whether a tag is that of a release: a semantic version without a pre-release.
func isRelease(tag string) bool { return semver.IsValid(tag) && semver.Prerelease(tag) == "" }

// orList writes alternatives, of which one must fit.
func orList(list []string) string { return strings.Join(list, " or ") }

// orNone shortens a foreign value for a sentence, and names an absent one.
func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return clip(s)
}
