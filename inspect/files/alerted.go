package files

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Falco's names of what was true of the file when it was run (evt.arg.flags of execve).
const (
	flagUpper = "EXE_UPPER_LAYER"
	flagLower = "EXE_LOWER_LAYER"
	flagMemfd = "EXE_FROM_MEMFD"
)

// locate says where the file that an alert names comes from, and which file of the image has that path. incomplete
// says that some layers could not be read.
func locate(a inspect.Alert, t *Tree, incomplete bool) (inspect.AlertFile, *inspect.Node) {
	f := inspect.AlertFile{Path: a.Path, Layer: -1, Origin: inspect.OriginUnknown}
	switch {
	case strings.HasPrefix(a.Path, "memfd:") || has(a, flagMemfd):
		f.Origin, f.Detail = inspect.OriginMemfd, "it ran from memory and was never a file: neither the image nor the container's disk has its bytes"
		return f, nil
	case a.ContainerID == "host":
		f.Origin, f.Detail = inspect.OriginHost, "the alert is about the host, not about a container"
		return f, nil
	case !strings.HasPrefix(a.Path, "/"):
		f.Detail = "the alert names no program by its path"
		return f, nil
	}
	n := t.Resolve(a.Path)
	if n == nil || !isRegular(n) {
		f.Origin, f.Detail = notInImage(a, incomplete)
		return f, nil
	}
	f.Layer, f.SHA256 = n.Layer, n.SHA256
	switch {
	case has(a, flagUpper):
		f.Origin, f.SHA256 = inspect.OriginChanged, ""
		f.Detail = fmt.Sprintf("a copy in the container's writable layer ran: the image's file (layer %d, sha256 %.12s) does not prove what ran", n.Layer, n.SHA256)
	case has(a, flagLower):
		f.Origin = inspect.OriginImage
		f.Detail = fmt.Sprintf("it is the image's own file, of layer %d", n.Layer)
	default:
		f.Detail = fmt.Sprintf("the image has a file at this path (layer %d), but the alert does not say whether that is what ran", n.Layer)
	}
	if n.Path != a.Path {
		f.Detail += ", at " + n.Path
	}
	return f, n
}

// notInImage explains an alerted path that the image does not have.
func notInImage(a inspect.Alert, incomplete bool) (origin, detail string) {
	switch {
	case incomplete:
		return inspect.OriginUnknown, "the layers that could be read do not hold it, and some could not be read"
	case has(a, flagUpper):
		return inspect.OriginRuntime, "it is not in the image: it was written at run time, and we do not have its bytes"
	case has(a, flagLower):
		return inspect.OriginUnknown, "the alert says that it is an image's own file, but this image does not have it"
	default:
		return inspect.OriginUnknown, "the image does not have it: it was written at run time or lies on a volume, which the alert does not say"
	}
}

func has(a inspect.Alert, flag string) bool { return slices.Contains(a.Flags, flag) }

// alerts locates the files of the alerts of this image, says so, and remembers which files of the image they name.
func (h *hunt) alerts(all []inspect.Alert, emit func(inspect.Event)) {
	h.alerted = map[*inspect.Node]string{}
	incomplete := slices.ContainsFunc(h.layers, func(l inspect.Layer) bool { return !l.Empty && l.DiffID == "" })
	for _, a := range all {
		if a.Match == inspect.MatchNone || a.Match == "" || a.Subject != h.image.Subject {
			continue
		}
		f, n := locate(a, h.tree, incomplete)
		a.File = f
		emit(inspect.Event{Alert: &a})
		if n != nil {
			h.alerted[n] = fmt.Sprintf("the alert %q names it; %s", a.Rule, f.Detail)
			continue
		}
		if a.Path != "" && f.Origin != inspect.OriginHost {
			h.elsewhere(a, emit)
		}
	}
}

// elsewhere is the finding about an alerted program that the image does not hold.
func (h *hunt) elsewhere(a inspect.Alert, emit func(inspect.Event)) {
	subject := h.image.Subject + ":" + a.Path
	emit(inspect.Event{Finding: &inspect.Finding{
		ID: inspect.FindingID(CheckBinaries, "alerted-not-in-image", subject), Check: CheckBinaries, Code: "alerted-not-in-image",
		Status: inspect.Unknown, Severity: inspect.Medium, Subject: subject,
		Title:    fmt.Sprintf("%s, which an alert names, is not in the image", a.Path),
		Detail:   a.File.Detail,
		Evidence: []inspect.Evidence{{Kind: "alert", Digest: a.Raw, Text: a.Output}, {Kind: "manifest", Digest: h.image.Key()}},
	}})
}
