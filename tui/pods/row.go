package pods

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// row is one line of the list. There may be 60,000 of them: only the key is there from the start, the rest is made when
// the row is seen.
type row struct {
	id   string
	late func() line
	// pod: nil for a group
	pod *inspect.FlaggedPod
	// of: nil for a pod without alerts that count
	of *alertGroup
}

// line is what is drawn of a row. Its functions read the screen when they are called, for the age of a pod and what
// was muted.
type line struct {
	// find: the text that the filter searches
	find string
	// value: what y copies
	value  string
	cells  func(width int) []widget.Cell
	detail func(d *widget.Document)
}

// Key is the row's identity.
func (r row) Key() string { return r.id }

// Find is the text that the filter searches. It is made on each use, and so for every row with each letter of a filter.
func (r row) Find() string { return r.late().find }

// Cells draw the row. The width is without pointer and mark.
func (r row) Cells(width int) []widget.Cell { return r.late().cells(width) }

// group is the alert group that the row folds; nil for a row of one pod.
func (r row) group() *alertGroup {
	if r.pod != nil {
		return nil
	}
	return r.of
}

// selected gives the row that the cursor is on.
func (s *Screen) selected() (row, bool) { return s.list.Selected() }
