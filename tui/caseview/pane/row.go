package pane

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/viewer"
	"github.com/backtrail/backtrail/tui/widget"
)

// Row is one line of a pane: how it looks, what stands behind it, and what can be done with it.
type Row struct {
	ID        string // identity: the selection follows it, whatever moves
	Line      func(width int) []widget.Cell
	Detail    func(d *widget.Document)
	Text      string        // that the filter searches
	Value     string        // what y copies
	Container string        // of the image that the row is about
	Mark      string        // what a note marks: a finding's ID, or a path
	Path      string        // of a file in the image
	Layer     int           // that has the file; below 0: not known
	Raw       []viewer.Part // bytes behind the row
	Object    any           // as JSON for a person to read, where there are no bytes
	Retry     []inspect.Key // checks that were blocked
}

// Key is the row's identity.
func (r Row) Key() string { return r.ID }

// Find is the text that the filter searches.
func (r Row) Find() string { return r.Text }

// Cells draw the row.
func (r Row) Cells(width int) []widget.Cell { return r.Line(width) }

// Parts are the bytes behind the row; where there are none, its object as JSON.
func (r Row) Parts() []viewer.Part {
	if len(r.Raw) > 0 {
		return append([]viewer.Part{}, r.Raw...)
	}
	return viewer.Object(r.Object)
}
