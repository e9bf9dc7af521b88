package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// treeNode gives the entry that is selected in the tree.
func (s *caseScreen) treeNode() (inspect.Node, bool) {
	t := treeRows{s: s}
	if s.tree.At < 0 || s.tree.At >= t.Len() {
		return inspect.Node{}, false
	}
	return s.tree.tree.entry(t.node(s.tree.At)), true
}

// fileDetail says all that is known of the selected file: its layer, package, findings.
func (m *Model) fileDetail(d *widget.Document) {
	s := m.open
	e, ok := s.treeNode()
	if !ok {
		return
	}
	d.Say(widget.ToneBold, e.Path)
	i := s.image()
	for _, b := range i.Binaries {
		if b.Path == e.Path {
			d.Outcome(signOf(b.Status), severityWord(b.Severity), b.Detail)
		}
	}
	for _, a := range i.Altered {
		if a.Path == e.Path {
			d.Outcome(signOf(a.Status), severityWord(a.Severity), "not what "+a.Package+" says: "+a.Detail)
		}
	}
	facts := []string{string(e.Type), modeText(e), fmt.Sprintf("%d:%d", e.UID, e.GID), bytesText(e.Size)}
	if e.Kind != "" {
		facts = append(facts, string(e.Kind))
	}
	if e.Layer >= 0 && e.Change != inspect.Removed {
		facts = append(facts, fmt.Sprintf("layer %d, %s", e.Layer, firstOf(string(e.Change), "unchanged")))
	}
	d.Say(widget.TonePlain, strings.Join(facts, "  "))
	if e.Change == inspect.Removed {
		d.Say(widget.ToneWarn, fmt.Sprintf("layer %d took away what layer %d had here; it is still in the image", s.tree.key.layer, e.Layer))
	}
	if step := stepOf(i, e.Layer); step != "" {
		d.Field("step", buildStep(step))
	}
	if e.SHA256 != "" {
		d.Field("sha256", e.SHA256)
	}
	for _, name := range sortedKeys(e.Xattrs) {
		d.Field("xattr", name)
	}
	alertsOn(d, s, e.Path)
	notesOn(d, s, e.Path)
}
