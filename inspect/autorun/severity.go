package autorun

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
)

// This file holds the rule by which rows get their severity, all of it. To be there is no reason; what is new and
// what it does are.
//
//  1. What a confirmed known-good has too, with the same code: info. A comparison that nobody confirmed lowers
//     nothing.
//  2. A strong sign (runs what it downloads or decodes, a shell tied to a connection, credentials sent away, mining),
//     or a library of no package in every program: high. What the image itself starts often reads credentials and
//     fetches programs on purpose: there these two count only where the code is new. Code of no package that every
//     start imports, compiled, without its source and new: high.
//  3. Other code at the same version of its package: medium, high with any sign.
//  4. What lets somebody in: medium, high where it is new, or where it lets everyone in.
//  5. A script in the place of the program that the other image starts, which it starts in turn: medium; high with a
//     sign or a hidden original.
//  6. Starts what lies hidden or where everyone may write: high for jobs and services, else medium.
//  7. New since the other image: of a package that was there without it: low, medium with one weak sign, high with
//     two or with obscured code. Of a new package: low, medium if obscured or if it hides or harvests. Of no package:
//     low, medium with a weak sign, high with three. An agent or a variable that loads a file of no package: medium.
//     One step up if an alert names the interpreter that runs it and it has a sign.
//  8. A packaged file that does not match its package: medium where it starts programs, low where it holds settings.
//  9. All else: by its place, low or info; what a package owns: info, and so are declarations by which libraries are
//     found (entry points of Python, services of Java).

// judge gives the severity of a row, and the code of the finding that it raises if it is at least medium. The order of
// the cases is the order of the rules: the first that fits decides.
func (r *row) judge() (severity inspect.Severity, code string) {
	fresh := r.has(inspect.CodeNotInKnownGood, inspect.CodeChangedSinceKnownGood, inspect.CodeGained)
	_, strong := r.counted(fresh)
	switch {
	case r.has(inspect.CodeKnownGood):
		return inspect.Info, findingNew
	case strong:
		return inspect.High, findingSigns
	case r.grave:
		return inspect.High, findingLoader
	case r.opaque && !r.vouched && fresh:
		return inspect.High, findingNew
	case r.has(inspect.CodeSameVersion):
		if r.weak() > 0 {
			return inspect.High, findingChanged
		}
		return inspect.Medium, findingChanged
	case r.opens != "":
		return r.judgeAccess(fresh), findingAccess
	case r.has(inspect.CodeWrapsOriginal):
		if r.weak() > 0 || r.hidden != "" {
			return inspect.High, findingWrapped
		}
		return inspect.Medium, findingWrapped
	case r.has(inspect.CodeHiddenTarget):
		return r.judgeHidden(), findingSigns
	case r.altered:
		return r.judgeAltered(), findingChanged
	}
	severity = r.ordinary()
	if fresh {
		severity = worse(severity, r.judgeFresh())
		if r.has(inspect.CodeAlerted) && len(r.found) > 0 {
			severity = raised(severity)
		}
	}
	return severity, findingNew
}

// service reports whether a kind is what the image is there for: it downloads, connects and starts programs as a
// matter of course.
func (r *row) service() bool {
	return r.kind == KindEntrypoint || r.kind == KindHealthCheck || r.kind == KindEntrypointFolder
}

// counted is the first strong sign that counts.
func (r *row) counted(fresh bool) (content.Found, bool) {
	for _, f := range r.found {
		if f.Sign.Strong() && (f.Sign != content.Exfiltrates && f.Sign != content.Installs || !r.service() || fresh) {
			return f, true
		}
	}
	return content.Found{}, false
}

// judgeAccess is rule 4.
func (r *row) judgeAccess(fresh bool) inspect.Severity {
	if r.kind == KindPAM && !isPAMModule(r.path(), "", base(r.path())) {
		return inspect.High // a line of a stack
	}
	if fresh {
		return inspect.High
	}
	return inspect.Medium
}

// judgeHidden is rule 6: what runs by itself is worse than what only names a directory.
func (r *row) judgeHidden() inspect.Severity {
	switch r.kind {
	case KindCron, KindUnit, KindInit, KindUdev, KindMaintainerScript, KindEntrypoint, KindPackageHook,
		KindPythonPth, KindPythonSite:
		return inspect.High
	default:
		return inspect.Medium
	}
}

// judgeAltered is rule 8.
func (r *row) judgeAltered() inspect.Severity {
	if r.mild || r.kind == KindProfile {
		return inspect.Low
	}
	return inspect.Medium
}

// ordinary judges a row without regard to what is new. The place decides, unless a package vouches for the file.
func (r *row) ordinary() inspect.Severity {
	var base inspect.Severity
	switch spot, placed := Place(r.path()); {
	case r.node == nil && r.kind == KindLoader && r.has(inspect.CodeMissingTarget):
		return inspect.Medium
	case r.node == nil && !r.service() && !r.has(inspect.CodeUnownedTarget) && r.vouched:
		return inspect.Info
	case r.node == nil && !r.service():
		return inspect.Low
	case r.vouched || r.service() && !placed || r.kind == KindJavaService || r.kind == KindPythonEntry:
		return inspect.Info // declarations, which most libraries have
	case placed:
		base = spot.Severity
	default:
		base = inspect.Low
	}
	if len(r.found) > 0 && !r.service() {
		base = worse(base, inspect.Low)
	}
	return base
}

// judgeFresh judges a row that the other image does not have, or has with other code. What came at the same version of
// its package is judged hardest, since a release brings a new one. Kinds that are calm stay so without a sign, code
// that a package vouches for is low, and of the rest the number of weak signs decides.
func (r *row) judgeFresh() inspect.Severity {
	_, obscured := r.sign(content.Obfuscated)
	_, hides := r.sign(content.Hides)
	_, harvests := r.sign(content.Harvests)
	weak := r.weak()
	switch {
	case r.service():
		return inspect.Info
	case r.has(inspect.CodeGained) && (weak > 1 || obscured):
		return inspect.High
	case r.has(inspect.CodeGained) && weak > 0:
		return inspect.Medium
	case weak == 0 && (r.kind == KindJavaService || r.kind == KindPythonEntry):
		return inspect.Info
	case r.vouched && weak == 0 && !r.has(inspect.CodeNotInKnownGood):
		return inspect.Info // a release of its package
	case r.vouched && (obscured || harvests || hides && weak > 1):
		return inspect.Medium
	case r.vouched:
		return inspect.Low
	case r.node == nil && r.has(inspect.CodeUnownedTarget, inspect.CodeMissingTarget) && (r.kind == KindJavaAgent ||
		r.kind == KindInterpreterEnv || r.kind == KindLoader || r.kind == KindShellEnv):
		return inspect.Medium
	case weak > 2:
		return inspect.High
	case weak > 0:
		return inspect.Medium
	default:
		return inspect.Low
	}
}

// worse is the worse of two severities.
func worse(a, b inspect.Severity) inspect.Severity {
	if a.Rank() < b.Rank() {
		return a
	}
	return b
}

// raised is one step up, as far as high: critical is for what an alert itself names.
func raised(s inspect.Severity) inspect.Severity {
	switch s {
	case inspect.Info:
		return inspect.Low
	case inspect.Low:
		return inspect.Medium
	default:
		return inspect.High
	}
}
