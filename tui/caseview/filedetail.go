package caseview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/caseview/filetree"
	"github.com/backtrail/backtrail/tui/caseview/pane"
	"github.com/backtrail/backtrail/tui/label"
	"github.com/backtrail/backtrail/tui/widget"
)

// fileDetail writes all that is known of the selected file: its layer, package, findings. It is written again after
// each message, from the case as it is then. Extended attributes are named, their values are not: security.capability
// is binary.
func fileDetail(s *Screen, d *widget.Document) {
	e, ok := s.tree.Selected()
	if !ok {
		return
	}
	d.Say(widget.ToneBold, e.Path)
	i := s.image()
	for _, b := range i.Binaries {
		if b.Path == e.Path {
			d.Outcome(label.Row(b.Status), label.RowWords(b.Status, b.Severity), b.Detail)
		}
	}
	for _, a := range i.Altered {
		if a.Path == e.Path {
			text := "does not match the checksum of package " + a.Package + ": " + a.Detail
			d.Outcome(label.Row(a.Status), label.RowWords(a.Status, a.Severity), text)
		}
	}
	d.Say(widget.TonePlain, strings.Join(fileFacts(e), "  "))
	if e.Change == inspect.Removed {
		text := fmt.Sprintf("removed by layer %d; layer %d still contains it", s.tree.Key().Layer, e.Layer)
		d.Say(widget.ToneWarn, text)
	}
	if step := pane.StepOf(i, e.Layer); step != "" {
		d.Field("step", label.Step(step))
	}
	d.Field("sha256", e.SHA256)
	for _, name := range slices.Sorted(maps.Keys(e.Xattrs)) {
		d.Field("xattr", name)
	}
	s.view(pane.Layers).AboutPath(d, e.Path)
}

// fileFacts are the type, mode, owner, size and origin of a file. Owner and group are numbers: names would have to be
// looked up in a file of the image, which may be hostile.
func fileFacts(e inspect.Node) []string {
	facts := []string{string(e.Type), filetree.Mode(e), fmt.Sprintf("%d:%d", e.UID, e.GID), label.Size(e.Size)}
	if e.Kind != "" {
		facts = append(facts, string(e.Kind))
	}
	if e.Layer >= 0 && e.Change != inspect.Removed {
		facts = append(facts, fmt.Sprintf("layer %d, %s", e.Layer, cmp.Or(string(e.Change), "unchanged")))
	}
	return facts
}
