package pane

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// Row is one line of a pane: how it looks, what stands behind it, and what can be done with it. Line and Detail are
// called when the row is seen, and may be called any number of times: they only read.
type Row struct {
	// ID: identity: the selection follows it, whatever moves
	ID string
	// Line: the cells for a row of a width, in columns. It is called for visible rows only.
	Line func(width int) []widget.Cell
	// Detail writes what is read beside the row. A document breaks lines to its width and cleans what is written.
	Detail func(d *widget.Document)
	// Text: that the filter searches
	Text string
	// Value: what y copies
	Value string
	// Container: of the image that the row is about
	Container string
	// Mark: what a note marks: a finding's ID, or a path
	Mark string
	// Path: of a file in the image
	Path string
	// Layer: that has the file; below 0: not known
	Layer int
	// Raw: bytes behind the row
	Raw []viewer.Part
	// Object: as JSON for a person to read, where there are no bytes
	Object any
	// Group: ID of the group of findings that the row heads or belongs to
	Group string
	// Heads: the row stands for its group, and opens and closes
	Heads bool
	// Package: name of the package that the row is
	Package string
	// Pod: namespace/name of another pod that the row leads to
	Pod string
	// Pivot: what the row has in common with other pods; nil: nothing that leads to them
	Pivot *shell.Pivot
	// Retry: checks that were blocked
	Retry []inspect.Key
}

// Key is the row's identity.
func (r Row) Key() string { return r.ID }

// Find is the text that the filter searches.
func (r Row) Find() string { return r.Text }

// Cells draw the row.
func (r Row) Cells(width int) []widget.Cell { return r.Line(width) }

// Parts are the bytes behind the row; where there are none, its object as JSON. The slice is a copy, since the viewer
// keeps it for as long as it is open.
func (r Row) Parts() []viewer.Part {
	if len(r.Raw) > 0 {
		return append([]viewer.Part{}, r.Raw...)
	}
	return viewer.Object(r.Object)
}
