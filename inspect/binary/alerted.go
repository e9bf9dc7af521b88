package binary

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/command"
	"github.com/backtrail/backtrail/inspect/layer"
)

// locate describes where the file that an alert names comes from, and which file of the image has that path. incomplete
// states that some layers could not be read; mounts are those of the container, as far as they are known. The path of
// the answer is the one that the file has in the image, through its links. An origin is only as certain as the alert: a
// path is what the sensor read, a flag what it derived, a hash what it measured. Nothing is derived from the name of a
// file alone. Examples of a path: /usr/bin/curl, ./run.sh, memfd:x (deleted), /proc/1/root/tmp/x. The node is nil
// wherever the bytes that ran are not known to be those of the image.
func locate(a inspect.Alert, t *layer.Tree, workingDir string, mounts []inspect.Mount,
	incomplete bool,
) (inspect.AlertFile, *inspect.Node) {
	p, said := programPath(t, a.Path, workingDir)
	f := inspect.AlertFile{Path: a.Path, Layer: -1, Origin: inspect.OriginUnknown}
	switch {
	case strings.HasPrefix(a.Path, "memfd:") || strings.HasPrefix(p, "/memfd:") || has(a, inspect.FlagMemfd):
		f.Origin, f.Detail = inspect.OriginMemfd,
			"it ran from memory and was never a file: neither the image nor the container's disk has its bytes"
		return f, nil
	case a.ContainerID == inspect.HostID:
		f.Origin, f.Detail = inspect.OriginHost, "the alert is about the host, not about a container"
		return f, nil
	case p == "":
		f.Detail = "the alert names no program by its path"
		return f, nil
	}
	f.Path, _ = t.Place(p)
	if layer.Within(f.Path, "/proc") {
		f.Detail = "it was run by a name of the kernel's, " + f.Path +
			": the alert does not name the file" + said
		return f, nil
	}
	named := a
	named.Path = p
	if m, ok := mountOf(named, t, mounts); ok {
		f.Origin, f.Detail = inspect.OriginVolume, onVolume(m)+said
		return f, nil
	}
	n := t.Resolve(p)
	if n == nil || !layer.IsRegular(n) {
		f.Origin, f.Detail = notInImage(a, f.Path, incomplete)
		f.Detail += onceThere(t, f.Path) + said
		return f, nil
	}
	inImage(&f, a, n, said)
	return f, n
}

// inImage reports whether the file that an image has at an alerted path is what ran: bytes decide over flags, flags
// over the path alone. A process can write to its own argv and comm, and not to the hash that a sensor computes nor to
// the overlay flags, which the kernel gives. SHA256 is emptied where the image's file is not proven to be what ran: a
// reader must not look up a wrong digest.
func inImage(f *inspect.AlertFile, a inspect.Alert, n *inspect.Node, said string) {
	f.Path, f.Layer, f.SHA256 = n.Path, n.Layer, n.SHA256
	switch measured, ok := strings.CutPrefix(a.FileDigest, "sha256:"); {
	case ok && n.SHA256 == measured: // bytes decide over flags
		f.Origin = inspect.OriginImage
		f.Detail = fmt.Sprintf(
			"it is the image's own file, of layer %d: the hash that the sensor computed is that of the file", n.Layer)
	case ok && n.SHA256 != "":
		f.Origin, f.SHA256 = inspect.OriginChanged, ""
		f.Detail = fmt.Sprintf(
			"another file ran at this path: the sensor computed sha256 %.12s, the image's file (layer %d) has %.12s",
			measured, n.Layer, n.SHA256)
	case contradicts(a):
		f.SHA256 = ""
		f.Detail = fmt.Sprintf("the image has a file at this path (layer %d), but the alert's flags contradict "+
			"each other: whether that ran is not known", n.Layer)
	case has(a, inspect.FlagUpper):
		f.Origin, f.SHA256 = inspect.OriginChanged, ""
		f.Detail = fmt.Sprintf("a copy in the container's writable layer ran: the image's file (layer %d, sha256 "+
			"%.12s) does not prove what ran", n.Layer, n.SHA256)
	case has(a, inspect.FlagLower):
		f.Origin = inspect.OriginImage
		f.Detail = fmt.Sprintf("it is the image's own file, of layer %d", n.Layer)
	case said != "": // the path is a guess, or what lay there was gone
		f.Detail = fmt.Sprintf("the image has a file at this path (layer %d), but the alert does not show whether "+
			"that is what ran", n.Layer)
	default:
		f.Origin = inspect.OriginImage
		f.Detail = fmt.Sprintf("it is the file that the image has at this path, of layer %d; no flag of the alert "+
			"proves from which layer it ran", n.Layer)
	}
	if n.Path != a.Path {
		f.Detail += ", at " + n.Path
	}
	f.Detail += said
}

// programPath takes the path of an alert apart, as the kernel and the sensors write it: with " (deleted)" behind a file
// that was gone when it was looked at, through /proc/PID/root, or as it was typed, below the working directory. said is
// what there is to say about that; the path is "" where the alert names none. The path may name a file that really ends
// with " (deleted)": what is in the image under the whole name goes first. An attacker may name a file "x (deleted)" to
// have it confused with x; the lookup of the whole name covers that.
func programPath(t *layer.Tree, p, workingDir string) (real, said string) {
	real = p
	if n := t.Resolve(p); strings.HasPrefix(p, "/") && n != nil && layer.IsRegular(n) {
		return path.Clean(p), "" // whatever it looks like, there is such a file
	}
	if rest, gone := strings.CutSuffix(real, " (deleted)"); gone {
		real, said = rest, "; it had been deleted when the sensor looked at it"
	}
	for range 4 { // one within the other is for those who want to be missed
		rest, ok := throughProc(real)
		if !ok {
			break
		}
		real = rest
	}
	switch {
	case strings.HasPrefix(real, "/"):
		return path.Clean(real), said
	case strings.HasPrefix(real, "./"), strings.HasPrefix(real, "../"):
		dir := path.Join("/", workingDir)
		return path.Join(dir, real), said + "; the alert names it by " + real +
			", which is taken from the image's working directory " + dir
	}
	return "", said
}

// throughProc cuts /proc/PID/root off a path: it is the root of a process, which is the container's. PID is a number,
// self or thread-self (proc(5)). The rest after root is absolute within the container: /proc/42/root/tmp/x gives
// /tmp/x. A path that ends with root itself is no file and stays as it is.
func throughProc(p string) (rest string, ok bool) {
	words := strings.SplitN(path.Clean(p), "/", 5)
	if len(words) < 5 || words[0] != "" || words[1] != "proc" || words[3] != "root" {
		return p, false
	}
	if pid := words[2]; pid != "self" && pid != "thread-self" && strings.Trim(pid, "0123456789") != "" {
		return p, false
	}
	return "/" + words[4], true
}

// onceThere describes which layer held a path that a later one took away. The text begins with "; " and is "" where no
// layer had a regular file there: it is appended to another sentence.
func onceThere(t *layer.Tree, p string) string {
	if was, by := t.Lost(p); was != nil && layer.IsRegular(was) {
		return fmt.Sprintf("; layer %d held a file at this path, sha256 %.12s, which layer %d deleted", was.Layer,
			was.SHA256, by)
	}
	return ""
}

// mountOf finds the volume that covers an alerted path, by the links of the image where its tree is known. What ran
// from the layers of the container, by the alert's flags, ran from no volume. The deepest mount wins, as the kernel
// has it. Mounts are those of the pod's specification. A mount that a process made at run time is not among them, and
// needs CAP_SYS_ADMIN, which the reach of the pod covers.
func mountOf(a inspect.Alert, t *layer.Tree, mounts []inspect.Mount) (inspect.Mount, bool) {
	if has(a, inspect.FlagUpper) || has(a, inspect.FlagLower) {
		return inspect.Mount{}, false
	}
	paths := []string{a.Path}
	if t != nil {
		if real, ok := t.Place(a.Path); ok {
			paths = append(paths, real)
		}
	}
	best := inspect.Mount{}
	for _, m := range mounts {
		for _, p := range paths {
			if (p == m.Path || layer.Within(p, m.Path)) && len(m.Path) > len(best.Path) {
				best = m
			}
		}
	}
	return best, best.Path != ""
}

// onVolume words where the bytes are that the image does not have.
func onVolume(m inspect.Mount) string {
	what := "the volume " + m.Volume + " (" + m.Kind
	if m.Source != "" {
		what += " " + m.Source
	}
	text := "it lies on " + what + ") that is mounted at " + m.Path +
		": it is not of the image, and we do not have its bytes"
	switch m.Kind {
	case "emptyDir":
		text += "; it goes with the pod"
	case "persistentVolumeClaim", "nfs":
		text += "; other pods may have written it, and it stays when the pod goes"
	case "hostPath":
		text += "; the node has it, and whatever runs there may have written it"
	}
	return text
}

// notInImage explains an alerted path that the image does not have. Where layers are missing the origin stays unknown:
// "not in the image" would be a statement about bytes that were not read. Only the flag for the upper layer, or
// /dev/shm, proves that a file was written at run time.
func notInImage(a inspect.Alert, p string, incomplete bool) (origin, detail string) {
	switch {
	case incomplete:
		return inspect.OriginUnknown, "the layers that could be read do not hold it, and some could not be read"
	case contradicts(a):
		return inspect.OriginUnknown, "the image does not have it, and the alert's flags contradict each other"
	case has(a, inspect.FlagUpper):
		return inspect.OriginRuntime, "it is not in the image: it was written at run time, and we do not have its bytes"
	case layer.Within(p, "/dev/shm"):
		return inspect.OriginRuntime,
			"it is not in the image: /dev/shm is memory of the container, written at run time, and we do not have " +
				"its bytes"
	case has(a, inspect.FlagLower):
		return inspect.OriginUnknown,
			"according to the alert it is the image's own file, but this image does not have it"
	default:
		return inspect.OriginUnknown,
			"the image does not have it: it was written at run time or is on a volume; the alert does not show which"
	}
}

// has reports whether an alert carries a flag.
func has(a inspect.Alert, flag string) bool { return slices.Contains(a.Flags, flag) }

// contradicts reports an alert whose flags say that the file ran from two layers at once.
func contradicts(a inspect.Alert) bool { return has(a, inspect.FlagUpper) && has(a, inspect.FlagLower) }

// alerts locates the files of the alerts of this image, emits that, and remembers which files of the image they name.
// An alert that was matched to no container, or to another one, is left alone. The maps are keyed by node: two alerts
// that reach one file by different links meet there. It emits each alert again with its file filled in, and the later
// fact replaces the earlier one.
func (h *scanner) alerts(all []inspect.Alert, emit func(inspect.Event)) {
	h.alerted, h.acted, h.given = map[*inspect.Node]string{}, map[*inspect.Node]bool{}, map[*inspect.Node]string{}
	gap := slices.ContainsFunc(h.layers, layer.Incomplete)
	for _, a := range all {
		if a.Match == inspect.MatchNone || a.Match == "" || a.Subject != h.image.Container {
			continue
		}
		f, n := locate(a, h.tree, h.image.Settings.WorkingDir, h.mounts, gap)
		a.File, a.Ran = f, nil
		if n != nil && f.Origin == inspect.OriginImage {
			h.follow(&a, n)
		}
		emit(inspect.Event{Fact: a})
		if n != nil {
			if h.alerted[n] == "" || a.Ran == nil {
				h.alerted[n] = fmt.Sprintf("the alert %q names it; %s", a.Rule, f.Detail)
			}
			if called := command.RoleOf(n.Path); a.Ran == nil && (called == command.Other ||
				!runResolver{h}.plausible(n, called)) {
				h.acted[n] = true
			}
		}
		if n != nil && (a.Ran == nil || a.File.Layer >= 0) {
			continue
		}
		if a.Path != "" && f.Origin != inspect.OriginHost {
			h.elsewhere(a, emit)
		}
	}
}

// follow goes from an interpreter, a launcher or a tool to what it was given: the first such file takes the place of
// the program as the file of the alert. A command line that is code has no file: the program stays the file of the
// alert. The command line is text that the process may have rewritten (prctl(2), PR_SET_MM_ARG_START), and a file found
// by it is a lead and no proof; the program itself keeps its row.
func (h *scanner) follow(a *inspect.Alert, n *inspect.Node) {
	ran, nodes := runResolver{h}.ran(*a, n)
	a.Ran = ran
	if ran == nil {
		return
	}
	for _, g := range nodes {
		if g != n && h.given[g] == "" {
			h.given[g] = runWords(*a, ran)
		}
	}
	if len(ran.Files) > 0 && ran.Kind != string(command.Code) {
		a.File = ran.Files[0].AlertFile
		a.File.Detail = strings.TrimSuffix(n.Path+" ran it; "+a.File.Detail, "; ")
	}
}

// elsewhere is the finding about an alerted program that the image does not hold. It is medium and not more: bytes that
// are in no layer cannot be judged here, and the runtime check takes over where a checkpoint has them. The subject is
// CONTAINER:PATH, so that several alerts about one path give one finding.
func (h *scanner) elsewhere(a inspect.Alert, emit func(inspect.Event)) {
	subject := h.image.Container + ":" + a.File.Path
	emit(inspect.Event{Fact: inspect.Finding{
		ID:     inspect.FindingID(inspect.CheckBinaries, inspect.CodeAlertedNotInImage, subject),
		Check:  inspect.CheckBinaries,
		Code:   inspect.CodeAlertedNotInImage,
		Status: inspect.RowObserved, Severity: inspect.Medium, Subject: subject,
		Title:  fmt.Sprintf("%s, which an alert names, is not in the image", a.File.Path),
		Detail: a.File.Detail,
		Evidence: []inspect.Evidence{{Kind: "alert", Digest: a.Raw, Text: a.Output}, {
			Kind:   "manifest",
			Digest: h.image.Key(),
		}},
	}})
}
