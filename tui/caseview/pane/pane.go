package pane

import (
	"github.com/backtrail/backtrail/inspect"
)

// Kind is a pane, by its number from 0 on.
type Kind int

// The panes, in the order of their keys.
const (
	Overview Kind = iota
	Layers
	Signatures
	Provenance
	Packages
	Binaries
	Timeline
	BlastRadius
	Autoruns
	// of panes
	Count
)

// Spec is what makes one pane differ from another.
type Spec struct {
	Name string
	// Tab: a short name
	Tab string
	// List: title of the list
	List string
	// Share: percent of the width for the list
	Share int
	// Check: that fills it; empty: several
	Check string
	Sorts []string
	Rows  func(v View) []Row
	// Empty: what an empty list means once its check has ended
	Empty string
}

// Spec gives the pane's own part.
func (k Kind) Spec() Spec {
	switch k {
	case Layers:
		return Spec{Name: "Layers", Tab: "Layers", List: "Layers", Share: 42, Check: inspect.CheckLayers,
			Rows:  layerRows,
			Empty: "no layers"}
	case Signatures:
		return Spec{
			Name: "Signatures", Tab: "Sign", List: "Signatures and stores", Share: 48, Check: inspect.CheckSignatures,
			Rows:  signatureRows,
			Empty: "no signature, and no store was queried",
		}
	case Provenance:
		return Spec{
			Name: "Provenance", Tab: "Prov", List: "Statements", Share: 45, Check: inspect.CheckProvenance,
			Rows:  provenanceRows,
			Empty: "no provenance",
		}
	case Packages:
		return Spec{
			Name: "Packages", Tab: "Pkgs", List: "Packages", Share: 58, Check: inspect.CheckPackages, Rows: packageRows,
			Sorts: []string{"name", "type", "layer"}, Empty: "no packages",
		}
	case Binaries:
		return Spec{
			Name: "Binaries", Tab: "Bins", List: "Unexpected, altered, missing", Share: 58,
			Check: inspect.CheckBinaries,
			Rows:  binaryRows,
			Sorts: []string{"severity", "path", "layer"}, Empty: "nothing unexpected",
		}
	case Timeline:
		return Spec{Name: "Timeline", Tab: "Time", List: "Timeline (UTC)", Share: 60, Rows: timelineRows,
			Empty: "no times are known"}
	case BlastRadius:
		return Spec{
			Name: "Blast radius", Tab: "Blast", List: "Blast radius", Share: 52, Rows: reachRows,
			Empty: "not in a pod: no blast radius",
		}
	case Autoruns:
		return Spec{
			Name: "Autoruns", Tab: "Auto", List: "Autoruns", Share: 58, Check: inspect.CheckAutoruns, Rows: autorunRows,
			Sorts: []string{"severity", "kind", "layer"}, Empty: "nothing starts by itself",
		}
	default:
		return Spec{
			Name: "Overview", Tab: "Over", List: "Findings by cause", Share: 58, Rows: overviewRows,
			Sorts: []string{"severity", "check"}, Empty: "nothing found",
		}
	}
}

// OfImage reports whether the pane is about one image, not about the case.
func (k Kind) OfImage() bool { return k >= Layers && k <= Binaries || k == Autoruns }

// Why is the reason why a pane has no rows: its check has not ended, was blocked, or there is nothing. It never lets
// the one pass for another. Of a case that still runs, an empty pane is open.
func (v View) Why(k Kind, running bool) (inspect.Status, string) {
	spec := k.Spec()
	for _, container := range []string{v.Container, ""} {
		c, ok := v.Case.Check(spec.Check, container)
		switch {
		case spec.Check == "" || !ok:
		case c.Running():
			return inspect.Unknown, "still checking: " + c.Name + " …"
		case Blocked(c):
			return inspect.Unknown, "could not run: " + c.Reason
		case c.Status == inspect.CheckSkipped:
			return inspect.Absent, c.Reason
		default:
			return inspect.Absent, spec.Empty
		}
	}
	if running {
		return inspect.Unknown, "…"
	}
	return inspect.Absent, spec.Empty
}

// Blocked reports whether a check could not run.
func Blocked(c inspect.CheckState) bool { return c.Status == inspect.CheckBlocked && !c.Running() }
