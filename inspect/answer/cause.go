package answer

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// byWeight orders checks by how directly they name a cause, where findings are equally severe: what is known to be
// bad before what starts by itself, that before other content, and claims of whoever built the image last.
var byWeight = []string{
	inspect.CheckAdvisories, inspect.CheckAutoruns, inspect.CheckLockFiles,
	inspect.CheckBinaries, inspect.CheckRuntime, inspect.CheckDiff, inspect.CheckBase, inspect.CheckDrift,
	inspect.CheckSignatures, inspect.CheckPolicies,
}

// lead is the group of findings that explains the case. The order is: groups about the file of an alert, then those
// of a container that an alert is about, then the others; within each by severity, then byWeight. ok is false where
// no finding failed.
//
// An example: a sensor alerts on /usr/bin/python3, and the image has a hook in a .pth file and an unpackaged program
// that no alert names. The hook leads, as autoruns come before binaries.
func lead(c inspect.Case) (g inspect.CauseGroup, ok bool) {
	groups := inspect.ByCause(failed(c))
	groups = slices.DeleteFunc(groups, func(g inspect.CauseGroup) bool { return !explains(g.Head()) })
	if len(groups) == 0 {
		return g, false
	}
	rank := func(g inspect.CauseGroup) int {
		at := slices.IndexFunc(byWeight, func(check string) bool {
			return slices.ContainsFunc(g.Findings, func(f inspect.Finding) bool { return f.Check == check })
		})
		if at < 0 {
			at = len(byWeight)
		}
		// A severity outweighs any check, since there are fewer than 100 of them; the alert outweighs any severity.
		r := 100*g.Head().Severity.Rank() + at
		switch {
		case !alertedContainer(c, g.Container):
			r += 10_000
		case ofAlertedFile(c, g):
			r -= 10_000
		}
		return r
	}
	return slices.MinFunc(groups, func(a, b inspect.CauseGroup) int { return rank(a) - rank(b) }), true
}

// explains reports whether a finding can be what brought something in. How the pod is set up, or what it may do, only
// makes it worse: a privileged pod is no cause of a miner.
func explains(f inspect.Finding) bool {
	return f.Subject != subjectPod && slices.Contains(byWeight, f.Check)
}

// alertedContainer reports whether an alert is about a container, or no alert is about any: then every container is
// in question.
func alertedContainer(c inspect.Case, container string) bool {
	matched := false
	for _, a := range c.Alerts {
		if a.Match == inspect.MatchNone {
			continue
		}
		if a.Subject == container {
			return true
		}
		matched = true
	}
	return !matched
}

// ofAlertedFile reports whether a group is about a file that an alert names. An interpreter that was only used has no
// finding that failed, so it never leads.
// Paths are compared as they are written, the alert's as it was placed in the image.
func ofAlertedFile(c inspect.Case, g inspect.CauseGroup) bool {
	return slices.ContainsFunc(matchedAlerts(c), func(a inspect.Alert) bool {
		return a.Subject == g.Container && a.File.Path != "" && slices.ContainsFunc(g.Findings,
			func(f inspect.Finding) bool {
				return pathOf(f) == a.File.Path
			})
	})
}

// causeOf is the cause that all three answers lead with: that of the leading findings, else what the alerts alone
// prove (a debug container, a volume, an act at run time, a sidecar), else unknown.
// Layer is -1 where the cause is in no layer of the image.
func causeOf(c inspect.Case) inspect.Cause {
	if g, ok := lead(c); ok {
		return placed(c, g)
	}
	unknown := inspect.Cause{Kind: inspect.CauseUnknown, Layer: -1}
	for _, a := range c.Alerts {
		if a.Match == inspect.MatchNone {
			continue
		}
		switch k := container(c, a.Subject); {
		case k.Type == inspect.ContainerEphemeral:
			return inspect.Cause{Kind: inspect.CauseRuntime, Name: k.Name, Layer: -1}
		case a.File.Origin == inspect.OriginVolume:
			return inspect.Cause{Kind: inspect.CauseVolume, Path: a.File.Path, Layer: -1}
		case ranAtRunTime(a):
			return inspect.Cause{Kind: inspect.CauseRuntime, Path: a.File.Path, Layer: -1}
		case k.Injected:
			return inspect.Cause{Kind: inspect.CauseSidecar, Name: k.Name, Layer: -1}
		}
	}
	return unknown
}

// placed completes the cause of a group with the file, the layer and the digest of its evidence, and raises a file to
// its package: advice is about the package, not about one of its files.
func placed(c inspect.Case, g inspect.CauseGroup) inspect.Cause {
	f, i := g.Head(), image(c, g.Container)
	cause := inspect.ParseCause(g.Cause)
	if cause.Kind == inspect.CauseUnknown {
		cause = byCheck(f)
	}
	if p := pathOf(f); cause.Path == "" && p != "" {
		cause.Path = p
	}
	if cause.Kind == inspect.CauseFile && cause.Name == "" {
		if name, version := packageAt(i, cause.Path); name != "" {
			cause.Kind, cause.Name, cause.Version = inspect.CausePackage, name, version
		}
	}
	for _, e := range f.Evidence {
		switch {
		case e.Kind == "layer" && cause.Layer < 0:
			cause.Layer = layerBy(i, e.Digest)
		case e.Kind == "file" && e.Path == cause.Path && cause.Digest == "":
			cause.Digest = e.Digest
		}
	}
	return cause
}

// byCheck is the kind of cause of a finding that is about no file: a change of who built or signed points at the
// builder.
func byCheck(f inspect.Finding) inspect.Cause {
	kinds := map[string]inspect.CauseKind{
		"drift": inspect.CauseBuilder, "signatures": inspect.CauseBuilder, "policies": inspect.CauseBuilder,
		"base": inspect.CauseBase,
	}
	cause := inspect.Cause{Kind: inspect.CauseUnknown, Layer: -1}
	if kind := kinds[f.Check]; kind != "" {
		cause.Kind = kind
	}
	return cause
}

// pathOf is the file that a finding is about ("container:/path"), or "".
func pathOf(f inspect.Finding) string {
	if _, p, ok := strings.Cut(f.Subject, ":"); ok && strings.HasPrefix(p, "/") {
		return p
	}
	return ""
}

// layerBy is the number of a layer by its digest or diff ID; -1 where the image has none such.
// An empty digest names no layer: evidence may come without one.
func layerBy(i inspect.Image, digest string) int {
	for _, l := range i.Layers {
		if digest != "" && !l.Empty && (l.Digest == digest || l.DiffID == digest) {
			return l.Number
		}
	}
	return -1
}

// packageAt is the package of a file: the owner in its row, else by the folder of npm (node_modules/NAME or
// node_modules/@SCOPE/NAME), else by the name of a jar.
// The last node_modules counts, since packages are nested. A name from a path is a guess where no catalog lists it.
func packageAt(i inspect.Image, p string) (name, version string) {
	for _, b := range i.Binaries {
		if b.Path == p && b.Owner != "" {
			return b.Owner, ""
		}
	}
	if at := strings.LastIndex(p, "/node_modules/"); at >= 0 {
		words := strings.SplitN(p[at+len("/node_modules/"):], "/", 3)
		name := words[0]
		if strings.HasPrefix(name, "@") && len(words) > 1 {
			name = words[0] + "/" + words[1]
		}
		return versioned(i, "npm", name)
	}
	if strings.HasSuffix(p, ".jar") {
		for _, pkg := range i.Packages {
			if slices.Contains(pkg.Locations, p) && strings.HasPrefix(path.Base(p), pkg.Name) {
				return pkg.Name, pkg.Version
			}
		}
	}
	return "", ""
}

// versioned looks up the version of a package by type and name; "" where the image lists none.
func versioned(i inspect.Image, kind, name string) (string, string) {
	for _, pkg := range i.Packages {
		if pkg.Type == kind && pkg.Name == name {
			return name, pkg.Version
		}
	}
	return name, ""
}

// causeFirst is the headline where the cause is not the alerted file itself, which has a sentence of its own: what it
// is, which layer brought it, and since which revision it runs.
func causeFirst(c inspect.Case) []inspect.Sentence {
	g, ok := lead(c)
	if !ok || hasOwnSentence(c, g) {
		return nil
	}
	f, i, cause := g.Head(), image(c, g.Container), causeOf(c)
	words := lower(strings.TrimPrefix(trim(f.Title), text.Clean(i.Container)+": "))
	if words == "" {
		words = firstOf(text.Clean(cause.Path), text.Clean(f.Subject))
	}
	if cause.Kind == inspect.CausePackage && cause.Name != "" {
		name := text.Clean(cause.Package())
		if !strings.Contains(words, name) {
			words = name + ": " + words
		}
	}
	if cause.Layer >= 0 && !strings.Contains(words, "came with") {
		words += "; it came with " + layer(i, cause.Layer)
	}
	if r := currentRevision(c); r != "" && ofTemplate(c, i) && c.Pod != nil {
		words += ", since " + r
	}
	var found []string
	for _, f := range g.Findings {
		found = append(found, f.ID)
	}
	// Drift compares what two statements claim, whether or not they are signed: their words stay claims.
	s := seen(in(c, i)+words, found...)
	if f.Check == inspect.CheckDrift {
		s = claimed(in(c, i)+words, "the statements of both images", found...)
	}
	return []inspect.Sentence{s}
}

// hasOwnSentence reports whether the sentences on alerted, unexpected and altered files state the cause already.
// Where an alert named the file through an interpreter they do not: its sentence is about the script.
func hasOwnSentence(c inspect.Case, g inspect.CauseGroup) bool {
	f, p := g.Head(), pathOf(g.Head())
	if f.Check != inspect.CheckBinaries || p == "" {
		return false
	}
	switch f.Code {
	case inspect.CodeUnexpectedBinary, inspect.CodeReplacedProgram, inspect.CodeAlteredFile, inspect.CodeLoaderHijack:
		through := func(a inspect.Alert) bool { return a.Ran != nil }
		return namedByAlert(c, image(c, g.Container), p) || !slices.ContainsFunc(matchedAlerts(c), through)
	}
	return false
}

// matchedAlerts are the alerts about a container of the case; those of other pods stay in the case for the record
// only.
func matchedAlerts(c inspect.Case) []inspect.Alert {
	return slices.DeleteFunc(slices.Clone(c.Alerts), func(a inspect.Alert) bool { return a.Match == inspect.MatchNone })
}

// currentRevision is the revision that runs, as a sentence names it; "" where it is not known.
func currentRevision(c inspect.Case) string {
	if c.Pod == nil {
		return ""
	}
	for _, r := range c.Pod.Revisions {
		if r.Current && r.Number > 0 {
			return fmt.Sprintf("revision %d", r.Number)
		}
	}
	return ""
}

// leadFile is the file of the cause with its layer, where the cause is in this image.
func leadFile(c inspect.Case, i inspect.Image) (p string, layer int, ok bool) {
	g, ok := lead(c)
	if !ok || g.Container != i.Container {
		return "", -1, false
	}
	cause := causeOf(c)
	return cause.Path, cause.Layer, cause.Path != "" && cause.Layer >= 0
}
