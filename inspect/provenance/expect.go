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

// compareSource wants every place of the statement that names a source to name the same expected one: otherwise a
// workflow of one repository could build another.
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
	return &mismatch{inspect.ReasonSourceMismatch, fmt.Sprintf("expected source %s, %s says %s", orList(expected),
		who, clip(odd.repo))}
}

func compareBranch(c claims, expected []string) *mismatch {
	if len(expected) == 0 {
		return nil
	}
	for _, want := range expected {
		if c.branch != "" && c.branch == want {
			return nil
		}
	}
	return &mismatch{inspect.ReasonBranchMismatch, fmt.Sprintf("expected branch %s, the statement says %s",
		orList(expected),
		orNone(c.branch))}
}

func compareTag(c claims, expected []string, reason string, fits func(tag, want string) bool) *mismatch {
	if len(expected) == 0 {
		return nil
	}
	if c.tag == "" {
		return &mismatch{inspect.ReasonNotATagBuild,
			fmt.Sprintf("expected tag %s, and this is no build of a tag (ref %s)",
				orList(expected), orNone(c.source().ref))}
	}
	for _, want := range expected {
		if fits(c.tag, want) {
			return nil
		}
	}
	return &mismatch{reason, fmt.Sprintf("expected tag %s, the statement says %s", orList(expected), clip(c.tag))}
}

// fitsVersion compares as slsa-verifier does with --source-versioned-tag: v1 fits every v1.x.y, v1.2 every v1.2.y,
// v1.2.3-rc.1 only itself. Build metadata does not count.
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

// compareBuilder wants the builder's name to be the expected one exactly, and its version where one is expected:
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
	text := fmt.Sprintf("expected builder %s, the statement says %s", orList(expected), orNone(c.builder))
	for _, want := range expected {
		if name, version, at := strings.Cut(c.builder, "@"); at && name == want {
			text += fmt.Sprintf("; without a version only releases of it fit, and %s is none", clip(version))
			break
		}
	}
	return &mismatch{inspect.ReasonBuilderMismatch, text}
}

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

func orList(list []string) string { return strings.Join(list, " or ") }

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return clip(s)
}
