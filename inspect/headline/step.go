package headline

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// stepRules give the build step that brought the cause in, or why there is none.
var stepRules = []rule{stepOutside, stepOfLayer, stepNew, stepUnread, stepNothing}

// stepOutside is a cause that no build step brought.
func stepOutside(v view) (string, string) {
	switch v.cause.Kind {
	case inspect.CauseRuntime:
		return "none: it came at run time, not with the image", ""
	case inspect.CauseVolume:
		return "none: it came with a volume, not with the image", ""
	default:
		return "", ""
	}
}

// stepOfLayer is the step of the layer that has the cause; behind it, where else the layer runs.
func stepOfLayer(v view) (string, string) {
	l, ok := v.layer()
	if !ok {
		return "", ""
	}
	text := StepText(l.CreatedBy)
	if text == "" {
		text = fmt.Sprintf("layer %d; the image's history does not name its step", l.Number)
	}
	if l.Base {
		text += " (of the base image)"
	}
	var pods []string
	for _, o := range v.image.Sharing.With(l.Number) {
		pods = append(pods, o.Pods...)
	}
	if len(pods) == 0 {
		return text, ""
	}
	return text, "same layer runs in " + listed(pods)
}

// stepNew is the steps that the previous image does not have, where no layer is to blame. That no layer differs is
// worth a line: what is wrong was there before.
func stepNew(v view) (string, string) {
	d := v.image.Diff
	if d == nil || d.Layers == nil || len(v.lead.Findings) == 0 {
		return "", ""
	}
	if d.Layers.Added == 0 {
		return "no layer differs from the " + v.previous() + " image", ""
	}
	return fmt.Sprintf("not one step: %s differ from the %s image, %d are shared", text.Count(d.Layers.Added, "layer"),
		v.previous(), d.Layers.Shared), ""
}

// stepUnread is that layers are not read yet, or could not be.
func stepUnread(v view) (string, string) {
	state, ok := v.c.Check(inspect.CheckLayers, v.image.Container)
	switch {
	case ok && state.Status == inspect.CheckBlocked && !state.Running():
		return "not known: layers could not be read: " + state.Reason, ""
	case v.running():
		return v.waiting(), ""
	default:
		return "", ""
	}
}

// stepNothing is that no layer is to blame.
func stepNothing(v view) (string, string) {
	if v.wrong() {
		return "not known: nothing found points to a build step", ""
	}
	return cmp.Or(v.unsure(), "nothing to attribute"), ""
}

// layer is the one that has the cause: as the answers name it, else by the package or the file.
func (v view) layer() (inspect.Layer, bool) {
	n := v.cause.Layer
	for _, p := range v.image.Packages {
		if n < 0 && v.cause.Kind == inspect.CausePackage && normal(p.Name) == normal(bare(v.cause.Name)) &&
			(v.cause.Version == "" || p.Version == v.cause.Version) {
			n = p.Layer
		}
	}
	for _, a := range v.image.Autoruns {
		if n < 0 && v.cause.Path != "" && a.Path == v.cause.Path {
			n = a.Layer
		}
	}
	if n < 0 {
		return inspect.Layer{}, false
	}
	for _, l := range v.image.Layers {
		if l.Number == n && !l.Empty {
			return l, true
		}
	}
	return inspect.Layer{}, false
}

// inLayer names the layer of the cause behind a text.
func (v view) inLayer() string {
	if l, ok := v.layer(); ok {
		return fmt.Sprintf(" (layer %d)", l.Number)
	}
	return ""
}

// StepText is a build step without what builders wrap around it: COPY fonts/ /. It reads created_by of the image's
// history, which its builder chose freely:
//
//	COPY fonts/ / # buildkit                    BuildKit
//	RUN /bin/sh -c apt-get install -y x # buildkit
//	/bin/sh -c #(nop)  CMD ["bash"]             the classic builder, of a step that runs nothing
//	/bin/sh -c make                             the classic builder, of RUN
func StepText(createdBy string) string {
	text, _, _ := strings.Cut(createdBy, " # buildkit")
	text = strings.TrimSpace(text)
	for _, wrap := range []string{"/bin/sh -c #(nop) ", "/bin/sh -c #(nop)"} {
		if rest, ok := strings.CutPrefix(text, wrap); ok {
			return strings.Join(strings.Fields(rest), " ")
		}
	}
	if rest, ok := strings.CutPrefix(text, "RUN /bin/sh -c "); ok {
		text = "RUN " + rest
	} else if rest, ok := strings.CutPrefix(text, "/bin/sh -c "); ok {
		text = "RUN " + rest
	}
	return strings.Join(strings.Fields(text), " ")
}
