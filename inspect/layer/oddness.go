package layer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Codes of findings about layers.
const (
	codeRefusedLayer   = "layer-refused"
	codeAmbiguousLayer = "layer-ambiguous"
)

// Oddness is what a layer holds that not every runtime unpacks as it is shown.
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

// judge makes a layer unknown whose entries are not all shown.
func (o Oddness) judge(l inspect.Layer) inspect.Layer {
	if o.Limit != "" && l.Status == inspect.Verified {
		l.Status, l.Reason, l.Detail = inspect.Unknown, string(registry.ProblemLimit), o.Limit+"; what came before it is shown"
	}
	return l
}

// findings gives what is to be said of a layer of an image.
func (o Oddness) findings(image string, l inspect.Layer) []inspect.Finding {
	var list []inspect.Finding
	add := func(code string, severity inspect.Severity, title, detail string) {
		subject := fmt.Sprintf("%s:layer %d", image, l.Number)
		list = append(list, inspect.Finding{
			ID: inspect.FindingID(CheckLayers, code, subject), Check: CheckLayers, Code: code, Status: severity.RowStatus(), Severity: severity,
			Subject: subject, Title: title, Detail: detail,
			Evidence: []inspect.Evidence{{Kind: "layer", Digest: l.Digest, Text: l.CreatedBy}},
		})
	}
	switch {
	case o.Stopped != "":
		add(codeRefusedLayer, inspect.Medium, fmt.Sprintf("containerd refuses to unpack layer %d: %s", l.Number, o.Stopped),
			"Entries that it refuses are shown under their own names. An image that runs with another runtime may have other files.")
	case o.Refused != "":
		add(codeRefusedLayer, inspect.Medium, fmt.Sprintf("containerd refuses to unpack layer %d with overlayfs: %s", l.Number, o.Refused),
			"The layer is shown as containerd unpacks it with the native snapshotter.")
	}
	if len(o.Differs) > 0 {
		severity := inspect.Low
		if o.hides() {
			severity = inspect.Medium
		}
		add(codeAmbiguousLayer, severity, fmt.Sprintf("container runtimes unpack layer %d to different files", l.Number),
			"Shown is what containerd unpacks with overlayfs. "+strings.Join(o.Differs, "; "))
	}
	return list
}

// hides reports whether there are files in one reading that there are not in another; else only modes, owners or attributes
// differ.
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
