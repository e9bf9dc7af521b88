package pane

import (
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/respond"
	"github.com/backtrail/backtrail/tui/widget"
)

// View is what rows are made of: a case, and how a person looks at it. It is made anew for each use, and nothing is
// written through it.
type View struct {
	// Case: the fold so far. Only the screen changes it, and never while rows are made.
	Case *inspect.Case
	// Container: whose image is on screen
	Container string
	Paint     *widget.Paint
	// Now: of the last message: for times that are left, and for what lies ahead
	Now time.Time
	// Sort: index into the orders of the pane
	Sort int
	// Whole: everything, not only what differs
	Whole bool
	// Pivots: rows lead to other pods; false where there is no cluster, as of a saved case
	Pivots bool
	// Opened reports whether the findings of a group are rows of their own; nil: none are
	Opened func(group string) bool
	// leads: of each package, the first of its files that something was found about; made once for all rows
	leads map[string]packageFile
	// Steps: what to do next, the most urgent first
	Steps []respond.NextStep
}

// Image is the image on screen, empty where none is known yet. It is a copy of the head with the lists of the case:
// they must not be changed.
func (v View) Image() inspect.Image {
	i, _ := v.Case.Image(v.Container)
	return i
}
