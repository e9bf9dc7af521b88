package tui

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// rows is what a window shows: only the rows that can be seen are ever drawn.
type rows interface {
	Len() int
	Row(i, width int, l look) string
}

// window is the part of some rows that can be seen, and the selected one among them.
type window struct {
	at  int // selected row
	top int // first row in sight
}

// move selects another row.
func (w *window) move(by, length int) { w.at = min(max(0, w.at+by), max(0, length-1)) }

// seek keeps the selected row in sight.
func (w *window) seek(length, height int) {
	w.at = min(max(0, w.at), max(0, length-1))
	w.top = min(w.top, w.at, max(0, length-height))
	w.top = max(w.top, w.at-height+1, 0)
}

// render draws height lines.
func (w *window) render(r rows, width, height int, focused bool) []string {
	n := r.Len()
	w.seek(n, height)
	lines := make([]string, 0, height)
	for i := w.top; i < min(n, w.top+height); i++ {
		l := lookPlain
		switch {
		case i == w.at && focused:
			l = lookCurrent
		case i == w.at:
			l = lookSelected
		}
		lines = append(lines, r.Row(i, width, l))
	}
	return lines
}

// row is one line of a list: how it looks, what stands behind it, and what can be done with it.
type row struct {
	id      string // identity: the selection follows it, whatever moves
	cells   func(width int) []cell
	detail  func(d *document)
	find    string        // what the filter looks through
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

// list is rows with a filter and a selection.
type list struct {
	window
	p      *paint
	all    []row
	shown  []int // indexes into all that the filter lets through
	filter string
	marks  map[string]string
	moved  bool   // by the person: until then the first row, the worst, stays selected
	lost   string // the row that a person selected and that went away, as while a check runs again: it is selected when it comes back
}

func (l *list) Len() int { return len(l.shown) }

// Row draws a row, with a mark in front of the selected one: colour alone does not show it everywhere.
func (l *list) Row(i, width int, k look) string {
	r := l.all[l.shown[i]].full()
	pointer := " "
	if k != lookPlain {
		pointer = "▸"
	}
	if m := l.marks[r.mark]; r.mark != "" && m != "" {
		pointer += markSign(m)
	} else {
		pointer += " "
	}
	return l.p.line(width, k, append([]cell{{text: pointer, tone: toneKey, width: 2}}, r.cells(width-3)...)...)
}

// markSign is the letter of a person's mark.
func markSign(mark string) string {
	switch mark {
	case "malicious":
		return "M"
	case "benign":
		return "b"
	case "open":
		return "o"
	default:
		return " "
	}
}

// set puts new rows in; the selection stays with its row.
func (l *list) set(all []row) {
	id := firstOf(l.lost, l.selectedID())
	l.all = all
	l.refilter(id)
}

// setFilter shows only rows that contain all the words of the filter.
func (l *list) setFilter(s string) {
	id := l.selectedID()
	l.filter = s
	l.refilter(id)
}

func (l *list) refilter(id string) {
	words := strings.Fields(strings.ToLower(l.filter))
	l.shown = l.shown[:0]
	at := -1
	for i := range l.all {
		if len(words) > 0 && !containsAll(strings.ToLower(l.all[i].full().find), words) {
			continue
		}
		if l.all[i].id == id {
			at = len(l.shown)
		}
		l.shown = append(l.shown, i)
	}
	l.lost = ""
	if at >= 0 {
		l.top += at - l.at
		l.top = max(0, l.top)
		l.at = at
	} else if l.moved {
		l.lost = id
	}
	l.at = min(l.at, max(0, len(l.shown)-1))
	if !l.moved {
		l.at, l.top = 0, 0
	}
}

// follow puts the selection to a row that stands for the one before, at the same height of the screen.
func (l *list) follow(id string) {
	for i, at := range l.shown {
		if l.all[at].id == id {
			l.top = max(0, l.top+i-l.at)
			l.at = i
			return
		}
	}
}

// move selects another row.
func (l *list) move(by int) {
	l.moved, l.lost = true, ""
	l.window.move(by, len(l.shown))
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// selected gives the row that the person is on.
func (l *list) selected() (row, bool) {
	if l.at < 0 || l.at >= len(l.shown) {
		return row{}, false
	}
	return l.all[l.shown[l.at]].full(), true
}

func (l *list) selectedID() string {
	if l.at < 0 || l.at >= len(l.shown) {
		return ""
	}
	return l.all[l.shown[l.at]].id
}

// choose selects a row by its identity.
func (l *list) choose(id string) {
	for i, at := range l.shown {
		if l.all[at].id == id {
			l.at, l.moved, l.lost = i, true, ""
			return
		}
	}
}
