package fleet

import (
	"strings"

	"github.com/backtrail/backtrail/tui/widget"
)

// row is one line of a list: a workload's container, a group of them, or something that was not looked at.
type row struct {
	id string
	// text: that the filter searches
	text string
	// value: what y copies
	value string
	// place: nil: the row leads to no case
	place *Place
	// group: key of the group that the row heads; empty: none
	group string
	// mark: the letter in front
	mark string
	// object: as JSON for a person to read
	object any
	cells  func(width int) []widget.Cell
	detail func(d *widget.Document)
}

// Key is the row's identity.
func (r row) Key() string { return r.id }

// Find is the text that the filter searches.
func (r row) Find() string { return r.text }

// Cells draw the row. The width is without pointer and mark.
func (r row) Cells(width int) []widget.Cell { return r.cells(width) }

// outcomeWidth is the width of the first column, in cells: BLOCK and built are the longest words.
const outcomeWidth = 5

// word is an outcome: words and no signs, since those are of verifications only.
type word struct {
	text string
	tone widget.Tone
}

// cell is the word in its column.
func (w word) cell() widget.Cell { return widget.Cell{Text: w.text, Tone: w.tone, Width: outcomeWidth} }

// kinds are the short names of kinds, as kubectl takes them.
var kinds = map[string]string{
	"deployment": "deploy", "statefulset": "sts", "daemonset": "ds", "replicaset": "rs", "cronjob": "cj",
	"replicationcontroller": "rc",
}

// shortName is a workload with its container for a row: deploy/web, and deploy/web:proxy, as a target
// is written, where the container has another name. The detail has both in full.
func shortName(workload, container string) string {
	kind, name, ok := strings.Cut(workload, "/")
	if !ok {
		kind, name = "", workload
	}
	if short, ok := kinds[kind]; ok {
		kind = short
	}
	if kind != "" {
		name = kind + "/" + name
	}
	if strings.HasSuffix(name, "/"+container) || container == "" {
		return name
	}
	return name + ":" + container
}
