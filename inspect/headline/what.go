package headline

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// whatRules give what happened: the cause with its consequence, then what is only suspected, then what is not known.
//
// The order is that of certainty. Bytes that do not match a digest come first, since every other fact was read from
// them. A release that an advisory lists precedes the hook or the file by which it acts: the advice is about the
// package. What ran precedes what merely lies there. A running case precedes "nothing found" in every form, and a check
// that could not run precedes a case that is well: "no problems found" is the last rule, and no other rule gives it.
var whatRules = []rule{
	whatDamaged, whatKnownBad, whatPackage, whatRan, whatHook, whatReplaced, whatFile, whatAtRunTime, whatVolume,
	whatSidecar, whatSigner, whatWorst, whatAlert, whatRunning, whatUnchecked, whatFailed, whatLook, whatNothing,
}

// whatDamaged is an image whose bytes are not those that its digest names: nothing else about it can be relied on. Any
// image of the pod counts, not only the one that the lines are about.
func whatDamaged(v view) (string, string) {
	for _, i := range v.c.Images {
		if i.Status == inspect.Failed {
			return strings.TrimSpace("image content of " + i.Container + " does not match its digests: " +
				cmp.Or(i.Detail, i.Reason)), ""
		}
	}
	return "", ""
}

// whatKnownBad is a release of a package that advisories list as a compromise. A record that was withdrawn names no
// release: lists of malicious packages have false positives. Both the name and the version must be those of the cause.
func whatKnownBad(v view) (string, string) {
	if v.cause.Kind != inspect.CausePackage {
		return "", ""
	}
	for _, a := range v.image.Advisories {
		if a.Withdrawn || a.Status != inspect.RowFailed || !about(a, v.cause) {
			continue
		}
		return v.cause.Package() + v.inLayer() + " is a known-compromised release (" + a.ID + ")" + v.consequence(), ""
	}
	return "", ""
}

// about reports whether an advisory is about the package of a cause: its subject is the name and the version that it
// lists. A name within another, go within django, is another package.
func about(a inspect.Advisory, cause inspect.Cause) bool {
	name, version, _ := strings.Cut(a.Subject, " ")
	return a.Kind == inspect.AdvisoryPackage && normal(name) == normal(bare(cause.Name)) &&
		(cause.Version == "" || version == "" || version == cause.Version)
}

// separators are characters that names of Python packages may be written with in place of each other (PEP 503).
var separators = strings.NewReplacer("_", "-", ".", "-")

// normal is a name as it is compared: in lower case, with one separator.
func normal(name string) string { return separators.Replace(strings.ToLower(name)) }

// whatPackage is a package that brought the behavior in and that no advisory lists.
func whatPackage(v view) (string, string) {
	if v.cause.Kind != inspect.CausePackage {
		return "", ""
	}
	text := v.cause.Package()
	if h, ok := v.hook(); ok {
		return text + v.inLayer() + " brings " + v.path(h.Path) + ", which " + h.Trigger + v.consequence(), ""
	}
	if len(v.lead.Findings) > 0 {
		text += ": " + title(v.lead.Head())
	}
	return text + v.consequence(), ""
}

// whatRan is the image's own file that an alert names as what ran. The shell of an exec is in the image too, and is not
// what happened.
func whatRan(v view) (string, string) {
	if v.alert == nil || v.cause.Path == "" || v.cause.Kind == inspect.CauseRuntime ||
		pathOf(v.alert) != v.cause.Path || v.alert.File.Origin != inspect.OriginImage {
		return "", ""
	}
	return v.noun(v.cause.Path) + " " + v.cause.Path + " ran; it is in the image" + v.inLayer(), ""
}

// whatHook is something that starts by itself: what an alert names is then the interpreter that loaded it, as Python
// loads every .pth file with an import line at each start.
func whatHook(v view) (string, string) {
	h, ok := v.hook()
	if !ok || v.cause.Kind != inspect.CauseHook && v.cause.Kind != inspect.CauseFile {
		return "", ""
	}
	text := v.path(h.Path) + " " + h.Trigger
	if h.Command != "" && h.Command != h.Path {
		text += ": " + h.Command
	}
	return text + v.inLayer() + v.consequence(), ""
}

// whatReplaced is a packaged program with other content than its package has. An interpreter is the cause only here:
// its own bytes differ. One whose bytes are its package's was used, and leads no line.
func whatReplaced(v view) (string, string) {
	for _, a := range v.image.Altered {
		if a.Path == v.cause.Path && a.Status == inspect.RowFailed {
			return a.Path + " was replaced: it does not match the checksum of package " + a.Package +
				v.inLayer() + v.consequence(), ""
		}
	}
	return "", ""
}

// whatFile is a file of the image that no alert names.
func whatFile(v view) (string, string) {
	if v.cause.Kind != inspect.CauseFile || v.cause.Path == "" || v.cause.Layer < 0 {
		return "", ""
	}
	return v.noun(v.cause.Path) + " " + v.cause.Path + " is in the image" + v.inLayer() + v.consequence(), ""
}

// whatAtRunTime is what happened in the running container. The act of the alert decides before the origin of its file:
// the shell of an exec is a file of the image, and it is not the image that started it.
func whatAtRunTime(v view) (string, string) {
	if v.cause.Kind != inspect.CauseRuntime {
		return "", ""
	}
	path := v.cause.Path
	if path == "" && v.alert != nil {
		path = pathOf(v.alert)
	}
	path = cmp.Or(path, "a program")
	switch act := v.act(); {
	case v.alert == nil:
		return cmp.Or(v.cause.Name, path) + " started at run time; it is not in the image", ""
	case v.cause.Name != "": // whatever ran in it, the container is not the workload's
		return "debug container " + v.cause.Name + " ran " + path + "; it is not in the workload's image", ""
	case act == inspect.ActExec:
		return "a shell was opened in the running container (" + v.alert.Name() + "); the image does not start it", ""
	case act == inspect.ActInstall:
		return "packages were installed in the running container (" + v.alert.Name() + ")", ""
	case act == inspect.ActCommand:
		return "a process of the container started " + path + " (" + v.alert.Name() +
			"); the image does not start it", ""
	case v.alert.File.Origin == inspect.OriginMemfd:
		return "a program ran from memory; it is not in the image", ""
	case v.alert.File.Origin == inspect.OriginChanged:
		return path + " ran with other content than the image has: it was changed at run time", ""
	default:
		return path + " ran; it is not in the image: it was written after the container started", ""
	}
}

// act is what was done at run time by the alert; empty where nothing was, or that is not known.
func (v view) act() string {
	if v.alert == nil || v.alert.Ran == nil {
		return ""
	}
	return v.alert.Ran.Act
}

// whatVolume is a program that a mounted volume holds.
func whatVolume(v view) (string, string) {
	if v.cause.Kind != inspect.CauseVolume {
		return "", ""
	}
	return cmp.Or(v.cause.Path, "a program") + " ran from a mounted volume; it is not in the image", ""
}

// whatSidecar is a container that the workload's template does not have.
func whatSidecar(v view) (string, string) {
	if v.cause.Kind != inspect.CauseSidecar {
		return "", ""
	}
	return "container " + cmp.Or(v.cause.Name, v.image.Container) +
		" was injected; the workload's template does not have it" + v.consequence(), ""
}

// whatSigner is an image without anything wrong in it that the wrong one signed, or nobody. An image without a
// signature is called unsigned here only where it was signed before or a policy requires it: else that is no news.
func whatSigner(v view) (string, string) {
	if v.cause.Kind != inspect.CauseBuilder && !v.only(isSigning) {
		return "", ""
	}
	previous := ""
	if v.has(inspect.CodeSignatureGone) {
		previous = "; the " + v.previous() + " image was signed"
	}
	switch s, ok := v.bestSignature(); {
	case !ok && (previous != "" || v.requiredBy() != ""):
		return "image " + v.shortImage() + " is unsigned" + previous, ""
	case ok && s.Status == inspect.Failed:
		return "image " + v.shortImage() + " is not signed as required: " + reasonText(s), ""
	default:
		return "", ""
	}
}

// whatWorst is the worst finding in its own words, where no rule above finds its cause.
func whatWorst(v view) (string, string) {
	if len(v.lead.Findings) == 0 {
		return "", ""
	}
	return title(v.lead.Head()) + v.inLayer() + v.consequence(), ""
}

// whatAlert is an alert that nothing in the image explains. That the image is to blame for nothing is stated only where
// all of it could be checked.
func whatAlert(v view) (string, string) {
	if v.alert == nil || v.running() {
		return "", ""
	}
	text := "alert: " + v.alert.Name()
	if p := pathOf(v.alert); p != "" {
		text += " (" + p + ")"
	}
	if n := len(blocked(v.c)); n > 0 || verdict.Of(v.c).Status == inspect.CaseIncomplete {
		return text + "; no cause found, and not all could be checked", ""
	}
	return text + "; nothing in the image explains it", ""
}

// whatRunning is that checks have not ended and nothing was found yet.
func whatRunning(v view) (string, string) {
	if !v.running() {
		return "", ""
	}
	if v.alert != nil {
		return "alert: " + v.alert.Name() + "; " + v.waiting(), ""
	}
	return v.waiting(), ""
}

// whatUnchecked is that nothing was found and not all could be checked: this is not "nothing there".
func whatUnchecked(v view) (string, string) {
	if verdict.Of(v.c).Status != inspect.CaseIncomplete {
		return "", ""
	}
	names := blocked(v.c)
	if len(names) == 0 {
		return "incomplete: nothing found so far, and not all could be checked", ""
	}
	return fmt.Sprintf("incomplete: nothing found, and %s could not run: %s", text.Count(len(names), "check"),
		strings.Join(names, ", ")), ""
}

// whatFailed is what makes the case a failed one where no finding does: bytes that do not match, a signature that is
// required, a threshold that is crossed.
func whatFailed(v view) (string, string) {
	if o := verdict.Of(v.c); o.Status == inspect.CaseFailed && len(o.Reasons) > 0 {
		return o.Reasons[0], ""
	}
	return "", ""
}

// whatLook is something that is no problem by itself and that a person should look at: a finding of severity medium.
func whatLook(v view) (string, string) {
	for _, f := range v.c.Findings {
		if f.Severity.Rank() <= inspect.Medium.Rank() {
			return "no problems found; to look at: " + title(f), ""
		}
	}
	return "", ""
}

// whatNothing is that all checks ended and nothing failed.
func whatNothing(view) (string, string) { return "no problems found", "" }

// consequence is the alert behind a cause that the alert does not name itself. The shorter form of a line is without
// it: alerts have lines of their own.
func (v view) consequence() string {
	if v.alert == nil {
		return ""
	}
	p := pathOf(v.alert)
	switch {
	case p != "" && p == v.cause.Path:
		return "; it ran"
	case v.brief:
		return ""
	case p != "":
		return "; alert: " + v.alert.Name() + " (" + p + ")"
	default:
		return "; alert: " + v.alert.Name()
	}
}
