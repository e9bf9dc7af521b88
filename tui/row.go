package tui

import (
	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// row is one line of a list: how it looks, what stands behind it, and what can be done with it.
type row struct {
	id      string // identity: the selection follows it, whatever moves
	cells   func(width int) []widget.Cell
	detail  func(d *widget.Document)
	find    string        // the text that the filter searches
	value   string        // what y copies
	subject string        // of the image it is about
	mark    string        // what a note marks: a finding's ID or a path
	path    string        // of a file in the image
	layer   int           // that holds the file; below 0: not known
	raw     []part        // bytes behind it
	object  any           // the object behind it, where there are no bytes
	retry   []inspect.Key // checks that could not look
	open    func()        // what enter does, where it is not one of the usual ways
	late    func() row    // gives the row with all of this, where lists are so long that it is made when it is needed
}

// full is the row with all that belongs to it.
func (r row) full() row {
	if r.late == nil {
		return r
	}
	id := r.id
	r = r.late()
	r.id = id
	return r
}

// Key is the row's identity.
func (r row) Key() string { return r.id }

// Find is the text that the filter searches.
func (r row) Find() string { return r.full().find }

// Cells draw the row.
func (r row) Cells(width int) []widget.Cell { return r.full().cells(width) }
