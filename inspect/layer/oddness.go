package layer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Oddness is what a layer holds that not every runtime unpacks as it is shown. The zero Oddness is an ordinary layer.
// All text quotes foreign names.
type Oddness struct {
	Refused string   // why containerd with overlayfs does not unpack the layer: it is shown as without overlayfs
	Stopped string   // why containerd does not unpack it without overlayfs either: what is refused is left out
	Differs []string // where runtimes differ
	Limit   string   // the bound past which entries are left out
}

// Oddness gives what is odd about a layer by its number in the manifest.
func (t *Tree) Oddness(layer int) Oddness {
	if l, ok := t.layers[layer]; ok {
		return l.oddness
	}
	return Oddness{}
}

// judge makes a layer unknown whose entries are not all shown. A layer that is worse than unknown stays what it is.
func (o Oddness) judge(l inspect.Layer) inspect.Layer {
	if o.Limit != "" && l.Status == inspect.Verified {
		l.Status, l.Reason, l.Detail = inspect.Unknown, string(registry.ProblemLimit),
			o.Limit+"; what came before it is shown"
	}
	return l
}

// findings gives the findings about a layer of an image: one for a refusal, one for all doubts together. A refusal of
// every snapshotter outranks one of overlayfs alone. image is the name of the container; it is part of the key.
func (o Oddness) findings(image string, l inspect.Layer) []inspect.Finding {
	var list []inspect.Finding
	add := func(code string, severity inspect.Severity, title, detail string) {
		subject := fmt.Sprintf("%s:layer %d", image, l.Number)
		list = append(list, inspect.Finding{
			ID: inspect.FindingID(inspect.CheckLayers, code, subject), Check: inspect.CheckLayers, Code: code,
			Status: severity.RowStatus(), Severity: severity,
			Subject: subject, Title: title, Detail: detail,
			Evidence: []inspect.Evidence{{Kind: "layer", Digest: l.Digest, Text: l.CreatedBy}},
		})
	}
	switch {
	case o.Stopped != "":
		add(inspect.CodeLayerRefused, inspect.Medium, fmt.Sprintf("containerd refuses to unpack layer %d: %s", l.Number,
			o.Stopped),
			"Entries that it refuses are shown under their own names. An image that runs with another runtime may "+
				"have other files.")
	case o.Refused != "":
		add(inspect.CodeLayerRefused, inspect.Medium,
			fmt.Sprintf("containerd refuses to unpack layer %d with overlayfs: %s",
				l.Number, o.Refused),
			"The layer is shown as containerd unpacks it with the native snapshotter.")
	}
	if len(o.Differs) > 0 {
		severity := inspect.Low
		if o.hides() {
			severity = inspect.Medium
		}
		add(inspect.CodeLayerAmbiguous, severity, fmt.Sprintf("container runtimes unpack layer %d to different files",
			l.Number),
			"Shown is what containerd unpacks with overlayfs. "+strings.Join(o.Differs, "; "))
	}
	return list
}

// hides reports whether there are files in one reading that there are not in another; else only modes, owners or
// attributes differ. An image can be built so that a scanner that unpacks in one way is shown other files than a
// runtime that unpacks in another; modes and owners alone do not hide content.
func (o Oddness) hides() bool {
	for _, line := range o.Differs {
		for _, d := range []doubt{doubtRoot, doubtReplaced, doubtDevice, doubtLink, doubtUnnamed, doubtGlobal} {
			if strings.HasSuffix(line, string(d)) {
				return true
			}
		}
	}
	return false
}

// doubt is a kind of place in a layer that runtimes unpack to different files. backtrail shows what containerd does
// with the overlayfs snapshotter.
type doubt string

// The doubts, each in the words of a finding. They are compared as they are, and a new one needs no other place.
const (
	doubtRoot     doubt = "an opaque marker in the root directory: overlayfs ignores it, others hide all lower layers"
	doubtReplaced doubt = "a directory that was removed and made again: overlayfs shows what lower layers have in " +
		"it, others do not"
	doubtDevice doubt = "a character device 0:0: overlayfs hides what it stands for, others show a device"
	doubtLink   doubt = "files below what a lower layer has as a link or a file: overlayfs puts a directory " +
		"there, others follow the link or stop"
	doubtUnnamed  doubt = "an opaque marker after files of its own layer: overlayfs keeps them, others remove them"
	doubtGlobal   doubt = "a PAX global header with the name of a file: overlayfs keeps the file, others remove it"
	doubtLinkMode doubt = "a hard link with another mode or owner than its file: containerd sets it on the file, " +
		"others do not"
	doubtHidden doubt = "a directory that is not listed and that lower layers have no more: overlayfs gives it " +
		"the mode it had there, others do not"
	doubtMerged doubt = "a directory without attributes that a lower layer gives it: overlayfs drops them, " +
		"others keep them"
)

// doubts are the doubts about one layer, each with the first path that it is about.
type doubts struct {
	kinds []doubt
	paths []string
	more  int // paths that are not named
}

// add takes in a doubt about a path. Only the first path of each kind is kept: a layer may have a million of them.
func (d *doubts) add(kind doubt, p string) {
	if slices.Contains(d.kinds, kind) {
		d.more++
		return
	}
	d.kinds, d.paths = append(d.kinds, kind), append(d.paths, p)
}

// lines words all doubts, with the first path of each kind, quoted.
func (d *doubts) lines() []string {
	list := make([]string, 0, len(d.kinds))
	for i, kind := range d.kinds {
		list = append(list, fmt.Sprintf("%q: %s", d.paths[i], kind))
	}
	return list
}
