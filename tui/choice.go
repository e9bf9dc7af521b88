package tui

import "github.com/backtrail/backtrail/tui/widget"

// choice is one line of a chooser.
type choice struct {
	id     string
	find   string
	cells  func(width int) []widget.Cell
	detail func(d *widget.Document) // shown below the list; nil: nothing
}

// Key is the identity that a chooser hands over.
func (c choice) Key() string { return c.id }

// Find is the text that typing filters by.
func (c choice) Find() string { return c.find }

// Cells draw the choice.
func (c choice) Cells(width int) []widget.Cell { return c.cells(width) }
