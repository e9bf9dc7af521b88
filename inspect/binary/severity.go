package binary

import (
	"path"
	"slices"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// This file holds the rule by which rows get their severity, all of it.
//
//  1. A program that an alert names: critical if no package answers for its content (unowned, altered, without a
//     digest, or ownership unknown), medium if it is exactly its package's: then it was used, not brought. The
//     image's own program with the content of a confirmed known-good: low. An interpreter, a launcher or a tool (see
//     package command) is used, whatever it ran: info if its bytes are its package's or a confirmed known-good's, low
//     in the base image, medium where there is nothing to compare it with, and high if the known-good of the same
//     release has others. With a sign of 3 to 5 it is judged as any program. A file that such a program ran: high
//     with such a sign, or if a confirmed known-good of the same release has other content or none; medium if nobody
//     confirmed it; info else.
//  2. A packaged program that does not match its package: high. (Altered files that are no programs: see
//     severityOfAltered.)
//  3. Something that makes every program load it (ld.so.preload), or text that miners hold: high.
//  4. A program in a hidden place or a directory for temporary files: high; a script there, or where ownership is not
//     known: medium.
//  5. Packed, unpacking itself, or setuid or with capabilities and owned by nobody: medium. Two such signs, or one on
//     a program that is new since the known-good: high.
//  6. Owned by nobody in a directory of system programs: medium. A packaged program of a later layer than its
//     package, of which the database has no digest, and a script that runs what it downloads, where PATH or something
//     else finds it: medium too.
//  7. Owned by nobody elsewhere (/app, /opt, /usr/local, /home …), other architecture, earlier in PATH than a
//     packaged program, world-writable: low. In the directory of a package of npm, RubyGems and the like, or listed
//     by one without a digest: info.
//  8. A program that the known-good does not have, or has with other content, and one that came at run time: one step
//     up; not for other content in another release, by what tags, labels and the program claim. Other content in the
//     same release, by the same claims: high against a confirmed known-good, else medium.
//  9. The image's own program (entrypoint, command): info, unless 1 to 5 apply.
//  10. Content that a confirmed known-good has too: info, unless 1 to 3 apply. A comparison that nobody confirmed
//      lowers nothing.
//  11. Content that the list of a language's package manager names with its sha256 (Python's RECORD, conda-meta) is
//      not shown, unless 1 to 5 apply: anybody may write such a list. Other content than listed: as if there were no
//      list. Content that an unaltered file of a package has too, under another name (a hard link, a copy): the same.
//
//  A module that an interpreter loads, and that is no program by itself: high with two strings of miners, and where
//  it is new or changed since the known-good and shows what hardly any harmless one does (content.Strict), or changed
//  in the same version of its package and has a strong sign more than before.
//
//  12. A program that a later layer deleted: by 1 to 5 as if it were there, one step down, since nothing can run it
//      any more; without such a sign it is only counted.
//
// Linked statically and stripped, or built by Go: no sign by itself. Partial ownership never raises above low by 6
// and 7.

// case of a program that is judged.
type signs struct {
	path      string
	kind      inspect.Kind
	codes     []string
	ownership string // level
	confirmed bool   // the known-good that has the same content was confirmed by a person
	searched  bool   // it is in a directory of PATH, or where something runs what is there
	library   bool   // a language's package manager seems to have put it there
	base      bool   // it is of a layer of the base image
	release   release
	novel     bool // its package, of a language's package manager, is new as a whole
}

// has reports whether one of the codes is among the signs.
func (s signs) has(codes ...string) bool {
	return slices.ContainsFunc(codes, func(c string) bool { return slices.Contains(s.codes, c) })
}

// count is how many of the codes are.
func (s signs) count(codes ...string) int {
	n := 0
	for _, c := range codes {
		if s.has(c) {
			n++
		}
	}
	return n
}

// severityOf judges a program by its signs.
func severityOf(s signs) inspect.Severity {
	if s.has(inspect.CodeDeleted) && !s.has(inspect.CodeAlerted) {
		return lowered(severityOfPresent(s))
	}
	return severityOfPresent(s)
}

// severityOfPresent judges a program as if it could be run. The order of the cases is the rule: the first that applies
// decides, and a later case may rely on all earlier ones being false. The codes are only added to, never weighed, so
// that the same signs give the same severity in any order.
func severityOfPresent(s signs) inspect.Severity {
	unproven := s.has(inspect.CodeUnowned, inspect.CodeAltered, inspect.CodeOwnershipUnknown, inspect.CodeNoDigest)
	strong := s.count(inspect.CodePacked, inspect.CodeObfuscated, inspect.CodeSetuid, inspect.CodeCapability)
	isNew := s.has(inspect.CodeNotInKnownGood, inspect.CodeChangedSinceKnownGood, inspect.CodeRuntime)
	switch {
	case s.has(inspect.CodeUsed) && !s.sign():
		return s.used(unproven)
	case s.has(inspect.CodeRanByAlert) && unproven && (strong > 0 || s.sign()):
		return inspect.High
	case s.has(inspect.CodeRanByAlert) && !s.has(inspect.CodeAlerted) && !s.sign():
		return s.run(unproven)
	case s.has(inspect.CodeAlerted) && s.has(inspect.CodeEntrypoint) && s.has(inspect.CodeKnownGood) &&
		s.confirmed && !s.sign():
		return inspect.Low // the service itself, as it always was
	case s.has(inspect.CodeAlerted) && unproven:
		return inspect.Critical
	case s.has(inspect.CodeModuleSigns) && s.has(inspect.CodeKnownGood) && s.confirmed:
		return inspect.Info
	case s.has(inspect.CodeModuleSigns):
		return inspect.High
	case s.has(inspect.CodeChangedSameVersion) && s.confirmed, s.has(inspect.CodeAltered),
		s.has(inspect.CodeLoaderHijack), s.has(inspect.CodeMinerString) && unproven:
		return inspect.High
	case s.has(inspect.CodeKnownGood) && s.confirmed && !s.has(inspect.CodeAlerted):
		return inspect.Info
	case s.has(inspect.CodeHiddenPath, inspect.CodeTmpPath) && unproven:
		if (s.kind == inspect.KindScript || s.kind == "") && !isNew || s.ownership == owner.Unknown && strong == 0 &&
			!isNew {
			return inspect.Medium
		}
		return inspect.High
	case unproven && (strong > 1 || strong == 1 && isNew && !s.has(inspect.CodeEntrypoint)):
		return inspect.High
	case unproven && strong == 1, s.has(inspect.CodeAlerted):
		return inspect.Medium
	case s.has(inspect.CodeChangedSameVersion):
		return inspect.Medium
	case s.has(inspect.CodeEntrypoint):
		return inspect.Info
	case !unproven:
		return inspect.Info
	}
	return s.ordinary(isNew)
}

// sign reports something about the bytes or the place of a program that no interpreter has. It is what separates an
// interpreter that was used from a miner with the name of one.
func (s signs) sign() bool {
	return s.has(inspect.CodeAltered, inspect.CodeLoaderHijack, inspect.CodeMinerString, inspect.CodePacked,
		inspect.CodeObfuscated, inspect.CodeRunsDownload, inspect.CodeHiddenPath,
		inspect.CodeTmpPath)
}

// used judges an interpreter, a launcher or a tool that an alert names.
func (s signs) used(unproven bool) inspect.Severity {
	switch {
	case !unproven, s.has(inspect.CodeKnownGood) && s.confirmed:
		return inspect.Info
	case s.has(inspect.CodeChangedSinceKnownGood, inspect.CodeNotInKnownGood) && s.confirmed &&
		s.release != otherRelease:
		return inspect.High
	case s.base, s.release == otherRelease && !s.has(inspect.CodeNotInKnownGood):
		return inspect.Low
	}
	return inspect.Medium // nothing to compare it with
}

// run judges a file that an alerted interpreter ran, and whose content has no sign.
func (s signs) run(unproven bool) inspect.Severity {
	isNew, changed := s.has(inspect.CodeNotInKnownGood), s.has(inspect.CodeChangedSinceKnownGood)
	switch {
	case !unproven || !isNew && !changed:
		return inspect.Info
	case !s.confirmed, isNew && s.release == otherRelease:
		return inspect.Medium
	case changed && s.release == otherRelease:
		return inspect.Low
	}
	return inspect.High
}

// ordinary judges a program that nobody owns and that has no sign.
func (s signs) ordinary(isNew bool) inspect.Severity {
	severity := inspect.Info
	switch {
	case s.has(inspect.CodeNoDigest), s.has(inspect.CodeRunsDownload) && s.searched:
		severity = inspect.Medium
	case s.has(inspect.CodeUnowned) && s.kind != "" && s.ownership == owner.Known && owner.SystemProgram(s.path):
		severity = inspect.Medium
	case s.library && !isNew && !s.has(inspect.CodeArchMismatch, inspect.CodeShadowsPath, inspect.CodeWorldWritable):
		severity = inspect.Info
	case s.has(inspect.CodeUnowned), s.has(inspect.CodeArchMismatch, inspect.CodeShadowsPath,
		inspect.CodeWorldWritable):
		severity = inspect.Low
	}
	if isNew && s.library && s.novel {
		return severity // that the package is new is what the comparison of packages has
	}
	if isNew && (s.release != otherRelease || !s.has(inspect.CodeChangedSinceKnownGood)) {
		return raised(severity)
	}
	return severity
}

// raised is one step up, as far as high: critical is for what an alert names. It keeps critical as it is, so that
// raising twice is harmless.
func raised(s inspect.Severity) inspect.Severity {
	if s == inspect.High || s == inspect.Critical {
		return s
	}
	return stepped(s, 1)
}

// lowered is one step down.
func lowered(s inspect.Severity) inspect.Severity { return stepped(s, -1) }

// stepped goes up or down the ladder of severities, as far as its ends. A severity that is not on the ladder, such as
// "", is returned as it is.
func stepped(s inspect.Severity, by int) inspect.Severity {
	ladder := []inspect.Severity{inspect.Info, inspect.Low, inspect.Medium, inspect.High, inspect.Critical}
	at := slices.Index(ladder, s)
	if at < 0 {
		return s
	}
	return ladder[min(max(at+by, 0), len(ladder)-1)]
}

// severityOfAltered judges a packaged file that does not match its package: configuration is meant to be changed,
// and some files are made anew by every image builder; a program is not, nor what starts one or lets somebody in.
// Scripts and modules in a tree of a language's own are often renewed by that language's package manager over the
// packaged ones (npm does it to itself): medium. So are files that a language's package manager lists, for which
// there are tools that strip and patch them.
func severityOfAltered(n *inspect.Node, c owner.Claim) inspect.Severity {
	binary := n.Kind != "" && n.Kind != inspect.KindScript && n.Kind != inspect.KindJar
	spot, starts := autorun.Place(n.Path)
	code, _, _ := trustPlace(n.Path)
	switch {
	case c.From != nil && c.From.Language && n.Kind != "":
		return inspect.Medium
	case binary, n.Mode&0o6000 != 0 && n.Mode&0o111 != 0, n.Kind == inspect.KindScript && owner.SystemProgram(n.Path):
		return inspect.High
	case c.Config && starts && spot.Severity == inspect.Info && spot.Kind != autorun.KindPAM:
		return inspect.Low // settings that are edited in most images that have them
	case code == "sudo", starts && spot.Kind != autorun.KindProfile && spot.Kind != autorun.KindPackageHook:
		return inspect.Medium
	case n.Kind == inspect.KindScript && n.Mode&0o111 != 0:
		return inspect.Medium
	case c.Config || layer.OftenRewritten(n.Path):
		return inspect.Low
	case n.Kind != "" && n.Kind != inspect.KindScript:
		return inspect.High
	case interpreted(n.Path):
		return inspect.Medium
	default:
		return inspect.Low
	}
}

// interpreted reports whether a file is code of an interpreter, by its name.
func interpreted(p string) bool {
	return slices.Contains([]string{".py", ".pl", ".pm", ".rb", ".js", ".mjs", ".cjs", ".sh", ".php", ".lua"},
		path.Ext(p))
}

// severityOfMissing judges a packaged file that is not there: taking programs out is what careful builders do as well.
func severityOfMissing(executable bool) inspect.Severity {
	if executable {
		return inspect.Low
	}
	return inspect.Info
}
