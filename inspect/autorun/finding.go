package autorun

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
)

// base is the last name of a path.
func base(p string) string { return path.Base(p) }

// report turns rows into facts of the case.
type report struct {
	container string
	config    string // digest
	layers    []inspect.Layer
	good      *inspect.KnownGood // that the rows were compared with, nil for none
}

// fact is the row as the case has it. A row is verified by bytes only: those of its package of the system, or of a
// confirmed known-good.
func (p report) fact(r *row) inspect.Autorun {
	a := inspect.Autorun{
		Path: r.path(), Kind: r.kind, Trigger: r.trigger, Command: r.command, Owner: r.owner, Layer: -1,
		New: r.isNew, Severity: r.severity,
		Status: r.severity.RowStatus(), Codes: append([]string{}, r.codes...), Detail: p.detail(r),
	}
	for _, f := range r.found {
		a.Codes = append(a.Codes, string(f.Sign))
	}
	if r.node != nil {
		a.Layer, a.SHA256, a.CreatedBy = r.node.Layer, r.node.SHA256, p.step(r.node.Layer)
	}
	if a.Status != inspect.RowFailed && (r.has(inspect.CodeKnownGood) || r.system && !r.altered) {
		a.Status = inspect.RowVerified
	}
	return a
}

// detail describes in a sentence what was found out about a row. What the file does comes first, then who owns it, then
// what the other image has. At most three weak signs are quoted, and all strong ones.
func (p report) detail(r *row) string {
	var parts []string
	say := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	for _, s := range quoted(r.found) {
		say("it %s", s)
	}
	if r.opens != "" {
		say("it %s", r.opens)
	}
	if r.hidden != "" {
		say("it %s, which is hidden or where everyone may write", r.reaches())
	}
	for _, n := range r.loads[:min(len(r.loads), 3)] {
		if n != r.node {
			say("it loads %s (layer %d)", n.Path, n.Layer)
		}
	}
	if r.missing != "" {
		say("%s is not in the image", r.missing)
	}
	if r.readTo > 0 {
		say("only the first %d bytes of it were looked through", r.readTo)
	}
	switch {
	case r.altered:
		say("its content does not match package %s", r.owner)
	case r.owner != "":
		say("it belongs to %s", strings.TrimSpace(r.owner+" "+r.version))
	case r.node != nil:
		say("no package owns it")
	}
	if p.good != nil {
		say("%s", p.compared(r))
	}
	return strings.Join(parts, "; ")
}

// quoted words the signs, at most three weak ones and all strong ones, each with the text that it rests on. Signs that
// rest on the same text stand before it together.
func quoted(found []content.Found) []string {
	var texts, excerpts []string
	for n, f := range found {
		switch last := len(texts) - 1; {
		case !f.Sign.Strong() && n >= 3:
		case last >= 0 && excerpts[last] == f.Excerpt:
			texts[last] += ", " + f.Sign.Words()
		default:
			texts, excerpts = append(texts, f.Sign.Words()), append(excerpts, f.Excerpt)
		}
	}
	for n := range texts {
		texts[n] += ": " + excerpts[n]
	}
	return texts
}

// compared names how the other image has a row. It is asked for only where there is one: that no good image is known is
// reported once for the case, and not in each row.
func (p report) compared(r *row) string {
	word := p.good.Word() + " image"
	switch {
	case r.has(inspect.CodeSameVersion):
		return "the " + word + " has the same version of the package with other content"
	case r.has(inspect.CodeWrapsOriginal):
		return "the " + word + " starts the program itself, which this script starts now"
	case r.has(inspect.CodeGained):
		return "the " + word + " has the package without it"
	case r.has(inspect.CodeNotInKnownGood) && r.has(inspect.CodeChangedSinceKnownGood):
		return "the " + word + " has another command there"
	case r.has(inspect.CodeNotInKnownGood):
		return "the " + word + " does not have it"
	case r.has(inspect.CodeChangedSinceKnownGood):
		return "the " + word + " has other content there"
	default:
		return "the " + word + " has the same"
	}
}

// step is the build step of a layer, or "".
func (p report) step(layer int) string {
	for _, l := range p.layers {
		if l.Number == layer && !l.Empty {
			return l.CreatedBy
		}
	}
	return ""
}

// finding is what a row of at least medium severity is described by in a sentence, with the bytes that it rests on. Its
// key holds the command, so that two hooks of one file are two findings.
func (p report) finding(r *row, code string, a inspect.Autorun) inspect.Finding {
	subject := p.container
	if r.node != nil {
		subject += ":" + r.node.Path
	} else if len(r.loads) > 0 && r.has(inspect.CodeUnownedTarget) {
		subject += ":" + r.loads[0].Path
	}
	f := inspect.Finding{
		ID:    inspect.FindingID(inspect.CheckAutoruns, code, subject+" "+r.kind+" "+r.command),
		Check: inspect.CheckAutoruns,
		Code:  code, Status: a.Status, Severity: r.severity,
		Subject: subject, Cause: r.cause(), Title: p.title(r), Detail: a.Detail,
	}
	evidence := func(e inspect.Evidence) { f.Evidence = append(f.Evidence, e) }
	if r.node == nil {
		evidence(inspect.Evidence{Kind: "config", Digest: p.config, Text: r.command})
	} else {
		evidence(inspect.Evidence{Kind: "file", Digest: "sha256:" + r.node.SHA256, Path: r.node.Path, Text: r.command})
		evidence(inspect.Evidence{
			Kind: "layer", Digest: p.layerDigest(r.node.Layer), Path: r.node.Path,
			Text: a.CreatedBy,
		})
	}
	for _, n := range r.loads[:min(len(r.loads), 10)] {
		if n != r.node {
			evidence(inspect.Evidence{Kind: "file", Digest: "sha256:" + n.SHA256, Path: n.Path})
		}
	}
	return f
}

// layerDigest is the digest by which a layer can be looked up: of the blob, else of the tar.
func (p report) layerDigest(number int) string {
	for _, l := range p.layers {
		if l.Number == number && !l.Empty {
			return cmp.Or(l.Digest, l.DiffID)
		}
	}
	return ""
}

// title is one sentence: what it is, when it runs, what it does. It names no more than one of the signs, the strongest,
// so that it can be read aloud in a call.
func (p report) title(r *row) string {
	text := cmp.Or(r.title, r.path())
	if r.title != "" && r.node != nil && !strings.Contains(r.title, r.node.Path) {
		text += " (" + r.node.Path + ")"
	}
	text += " " + r.trigger
	fresh := r.has(inspect.CodeNotInKnownGood, inspect.CodeChangedSinceKnownGood, inspect.CodeGained)
	found, strong := r.counted(fresh)
	switch {
	case strong:
		text += ", and " + found.Sign.Words()
	case r.grave && len(r.loads) > 0:
		text += " that no package owns: " + r.loads[0].Path
	case r.opens != "":
		text = r.path() + " " + r.opens
	case r.has(inspect.CodeWrapsOriginal):
		text += ", and is a script now that starts the original program"
	case r.hidden != "":
		text += ", and " + r.reaches()
	case r.has(inspect.CodeSameVersion):
		text += ", and differs at the same version of the package"
	case r.altered:
		text += ", and does not match package " + r.owner
	case len(r.found) > 0:
		text += ", and " + r.found[0].Sign.Words()
	}
	if r.isNew != nil && *r.isNew {
		text += ", new since the " + p.good.Word() + " image"
	}
	if r.node == nil {
		text += ": " + r.command
	}
	return text
}

// reaches names the hidden thing that a row starts or names.
func (r *row) reaches() string {
	if r.dir != "" {
		return "names " + r.dir
	}
	return "starts " + r.hidden
}

// cause is the key of what brought a row in: the package that it belongs to, else the hook itself. Findings with one
// cause are one thing to do for a person: a package with three hooks is removed once.
func (r *row) cause() string {
	c := inspect.Cause{Kind: inspect.CauseHook, Path: r.path(), Layer: -1}
	switch {
	case r.owner != "" && !r.altered && !r.has(inspect.CodeUnownedTarget):
		c = inspect.Cause{Kind: inspect.CausePackage, Name: r.owner, Version: r.version, Layer: -1}
	case r.node == nil && len(r.loads) > 0 && r.has(inspect.CodeUnownedTarget):
		c.Path = r.loads[0].Path
	case r.node == nil:
		c.Name = r.title
	}
	return c.Key()
}
