package pane

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Flags are the paths that something was found about, and the directories above them, with the worst severity of
// each. The root has none: it would always be flagged.
type Flags map[string]inspect.Severity

// Flags collects those of the image on screen. Low and informational autoruns are left out: every image has an
// entrypoint, and a tree in which everything is flagged shows nothing. An alerted file is critical whatever its
// checks found.
func (v View) Flags() Flags {
	flags := Flags{}
	i := v.Image()
	for _, b := range i.Binaries {
		flags.add(b.Path, b.Severity)
	}
	for _, a := range i.Altered {
		flags.add(a.Path, a.Severity)
	}
	for _, a := range i.Autoruns {
		if a.Severity.Rank() <= inspect.Medium.Rank() {
			flags.add(a.Path, a.Severity)
		}
	}
	for _, a := range v.Case.Alerts {
		if p := imagePath(a.File); p != "" && v.shows(alertContainer(a)) {
			flags.add(p, inspect.Critical)
		}
	}
	for _, f := range v.Case.Findings {
		if container, p := findingPlace(v, f); p != "" && v.shows(container) {
			flags.add(p, f.Severity)
		}
	}
	return flags
}

// shows reports whether something of a container, or of none, is about the image on screen.
func (v View) shows(container string) bool { return container == v.Container || container == "" }

// add flags a path and all directories above it, unless something worse is there already. A path comes from an image
// and may be of any length or form; each step cuts one element off, so that it ends. Where a directory is flagged as
// badly already, those above it are too.
func (f Flags) add(path string, severity inspect.Severity) {
	for path != "" && path != "/" {
		// a lower rank is a worse severity
		if old, ok := f[path]; ok && old.Rank() <= severity.Rank() {
			return
		}
		f[path] = severity
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
	}
}

// Marks are the marks that people set, by finding ID or path; the last one counts. Notes are in the order of their
// times. A mark that is empty leaves the one before in force.
func (v View) Marks() map[string]string {
	marks := map[string]string{}
	for _, n := range v.Case.Notes {
		if n.Mark != "" {
			marks[n.Subject] = n.Mark
		}
	}
	return marks
}
