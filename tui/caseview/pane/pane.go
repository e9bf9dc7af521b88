package pane

import (
	"fmt"

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

// Spec is what makes one pane differ from another. Everything in it is constant: what depends on the case is in Rows.
type Spec struct {
	// Name: in full, for the tabs, the palette and the help
	Name string
	// Tab: a short name
	Tab string
	// List: title of the list
	List string
	// Share: percent of the width for the list
	Share int
	// Check: that fills it; empty: several
	Check string
	// Sorts: names of the orders of the list, the first being the one that it begins with; fewer than two: it has one
	Sorts []string
	// Rows: in their order, without identities that are made unique. Screens call Listed.
	Rows func(v View) []Row
	// Empty: what an empty list means once its check has ended
	Empty string
}

// Spec gives the pane's own part. Any other number is the overview.
func (k Kind) Spec() Spec {
	switch k {
	case Layers:
		return Spec{
			Name: "Layers", Tab: "Layers", List: "Layers", Share: 42, Check: inspect.CheckLayers,
			Rows:  layerRows,
			Empty: "no layers",
		}
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
		return Spec{
			Name: "Timeline", Tab: "Time", List: "Timeline (UTC)", Share: 60, Rows: timelineRows,
			Empty: "no times are known",
		}
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

// Listed gives the rows of a pane, each with an identity of its own. Two rows may be made of the same fact twice, or of
// two that differ only in what their identity leaves out (an image chose the names): the second one gets a number, so
// that the cursor stays on its row however often the rows are made again.
func (k Kind) Listed(v View) []Row {
	rows := k.Spec().Rows(v)
	seen := make(map[string]int, len(rows))
	for at := range rows {
		id := rows[at].ID
		seen[id]++
		if n := seen[id]; n > 1 {
			rows[at].ID = fmt.Sprintf("%s#%d", id, n)
		}
	}
	return rows
}

// OfImage reports whether the pane is about one image, not about the case.
func (k Kind) OfImage() bool { return k >= Layers && k <= Binaries || k == Autoruns }

// Why is the reason why a pane has no rows: its check has not ended, was blocked, or there is nothing. It never lets
// the one pass for another. Of a case that still runs, an empty pane is open. The check of the container counts
// before one of the whole case. The status is for the sign: unknown or absent, and never verified.
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
	// no check of this pane has begun: the source may not have come to it yet
	if running {
		return inspect.Unknown, "…"
	}
	return inspect.Absent, spec.Empty
}

// Blocked reports whether a check could not run. A check that runs is blocked too as far as its status goes, until it
// ends: its reason distinguishes the two.
func Blocked(c inspect.CheckState) bool { return c.Status == inspect.CheckBlocked && !c.Running() }
