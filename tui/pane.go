package tui

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect"
)

// pane is a part of a case, by its number.
type pane int

const (
	paneOverview pane = iota
	paneLayers
	paneSignatures
	paneProvenance
	panePackages
	paneBinaries
	paneTimeline
	paneReach
	paneCount
)

// paneSpec is what makes one pane differ from another.
type paneSpec struct {
	name  string
	list  string // title of the list
	share int    // percent of the width for the list
	check string // that fills it; empty: several
	sorts []string
	rows  func(m *Model, s *caseScreen) []row
	empty string // what an empty list means once its check has ended
}

// spec gives the pane's own part.
func (p pane) spec() paneSpec {
	switch p {
	case paneLayers:
		return paneSpec{name: "Layers", list: "Layers", share: 42, check: "layers", rows: layerRows, empty: "no layers"}
	case paneSignatures:
		return paneSpec{name: "Signatures", list: "Signatures and stores", share: 48, check: "signatures", rows: signatureRows, empty: "no signature, and no store was asked"}
	case paneProvenance:
		return paneSpec{name: "Provenance", list: "Statements", share: 45, check: "provenance", rows: provenanceRows, empty: "no provenance"}
	case panePackages:
		return paneSpec{name: "Packages", list: "Packages", share: 58, check: "packages", sorts: []string{"name", "type", "layer"}, rows: packageRows, empty: "no packages"}
	case paneBinaries:
		return paneSpec{name: "Binaries", list: "Unexpected, altered, missing", share: 58, check: "binaries", sorts: []string{"severity", "path", "layer"}, rows: binaryRows, empty: "nothing unexpected"}
	case paneTimeline:
		return paneSpec{name: "Timeline", list: "Timeline (UTC)", share: 60, rows: timelineRows, empty: "nothing with a time"}
	case paneReach:
		return paneSpec{name: "Reach", list: "What it could touch", share: 52, rows: reachRows, empty: "not in a pod: nothing to reach"}
	default:
		return paneSpec{name: "Overview", list: "What is wrong", share: 58, sorts: []string{"severity", "check"}, rows: overviewRows, empty: "nothing found"}
	}
}

// nothing says why a list is empty: not yet, could not look, or nothing there. It never lets the one pass for another.
func (s *caseScreen) nothing(p pane) (inspect.Status, string) {
	spec := p.spec()
	if s.lost() {
		return inspect.Unknown, s.broken.Error()
	}
	for _, subject := range []string{s.subject, ""} {
		c, ok := s.c.Check(spec.check, subject)
		switch {
		case spec.check == "" || !ok:
		case c.Running():
			return inspect.Unknown, "still checking: " + c.Name + " …"
		case c.Status == inspect.Unknown:
			return inspect.Unknown, "could not check: " + c.Reason
		case c.Status == inspect.Absent:
			return inspect.Absent, c.Reason
		default:
			return inspect.Absent, spec.empty
		}
	}
	if s.running > 0 {
		return inspect.Unknown, "…"
	}
	return inspect.Absent, spec.empty
}

// listTitle names the list with its number of rows.
func (s *caseScreen) listTitle() string {
	spec := s.pane.spec()
	l := &s.state().list
	title := spec.list
	if s.pane >= paneLayers && s.pane <= paneBinaries && s.subject != "" && len(s.c.Images) > 1 {
		title += " of " + s.subject
	}
	if s.pane == panePackages {
		title += packagesMode(s)
	}
	n := fmt.Sprintf(" · %d", l.Len())
	if l.Filter() != "" {
		n = fmt.Sprintf(" · %d of %d, filter %q", l.Len(), l.Size(), l.Filter())
	}
	return title + n
}

// showPane brings another pane to the screen.
func (m *Model) showPane(p pane) {
	s := m.open
	s.pane = p
	m.filter.SetValue(s.state().list.Filter())
	m.refresh()
}
