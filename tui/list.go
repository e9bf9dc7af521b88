package tui

import "strings"

// item is what a list can hold: one line with an identity.
type item interface {
	Key() string            // identity: the selection follows it, whatever moves
	Find() string           // the text that the filter searches
	Cells(width int) []cell // how it looks
}

// list is rows with a filter and a selection. The zero value is an empty list; it draws once it has a paint.
type list[T item] struct {
	window
	p      *paint
	mark   func(T) string // one letter in front of a row; nil: none
	all    []T
	shown  []int // indexes into all of the rows that match the filter
	filter string
	moved  bool   // by a person: until then the first row, the worst, stays selected
	lost   string // key of the selected row that went away, as while a check runs again: it is selected when it is back
}

// Len counts the rows that match the filter.
func (l *list[T]) Len() int { return len(l.shown) }

// size counts all rows, whatever the filter.
func (l *list[T]) size() int { return len(l.all) }

// Row draws a row, with a pointer in front of the selected one: colour alone is not visible everywhere.
func (l *list[T]) Row(i, width int, k look) string {
	r := l.all[l.shown[i]]
	pointer, letter := " ", " "
	if k != lookPlain {
		pointer = "▸"
	}
	if l.mark != nil {
		if s := l.mark(r); s != "" {
			letter = s
		}
	}
	lead := cell{text: pointer + letter, tone: toneKey, width: 2}
	return l.p.line(width, k, append([]cell{lead}, r.Cells(width-3)...)...)
}

// set replaces the rows; the selection stays with its row.
func (l *list[T]) set(all []T) {
	id := l.lost
	if id == "" {
		id = l.selectedID()
	}
	l.all = all
	l.refilter(id)
}

// setFilter shows only rows that contain all the words of the filter, in any order and case.
func (l *list[T]) setFilter(s string) {
	id := l.selectedID()
	l.filter = s
	l.refilter(id)
}

// refilter finds the rows that match, and selects the one with this key again.
func (l *list[T]) refilter(id string) {
	words := strings.Fields(strings.ToLower(l.filter))
	l.shown = l.shown[:0]
	at := -1
	for i := range l.all {
		if len(words) > 0 && !containsAll(strings.ToLower(l.all[i].Find()), words) {
			continue
		}
		if l.all[i].Key() == id {
			at = len(l.shown)
		}
		l.shown = append(l.shown, i)
	}
	l.lost = ""
	if at >= 0 {
		l.top = max(0, l.top+at-l.at)
		l.at = at
	} else if l.moved {
		l.lost = id
	}
	l.at = min(l.at, max(0, len(l.shown)-1))
	if !l.moved {
		l.at, l.top = 0, 0
	}
}

// follow selects the row that replaces the selected one, at the same height of the screen.
func (l *list[T]) follow(id string) {
	for i, at := range l.shown {
		if l.all[at].Key() == id {
			l.top = max(0, l.top+i-l.at)
			l.at = i
			return
		}
	}
}

// move selects another row, for a person.
func (l *list[T]) move(by int) { l.moveTo(l.at + by) }

// moveTo selects a row by its number among those that match the filter, for a person.
func (l *list[T]) moveTo(at int) {
	l.moved, l.lost = true, ""
	l.at = min(max(0, at), max(0, len(l.shown)-1))
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// selected gives the selected row; false where there is none.
func (l *list[T]) selected() (T, bool) {
	if l.at < 0 || l.at >= len(l.shown) {
		var none T
		return none, false
	}
	return l.all[l.shown[l.at]], true
}

// selectedID is the key of the selected row, empty where there is none.
func (l *list[T]) selectedID() string {
	r, ok := l.selected()
	if !ok {
		return ""
	}
	return r.Key()
}

// choose selects the row with this key, for a person, and reports whether there is one.
func (l *list[T]) choose(id string) bool {
	return l.chooseFunc(func(r T) bool { return r.Key() == id })
}

// chooseFunc selects the first row for which is reports true.
func (l *list[T]) chooseFunc(is func(T) bool) bool {
	for i, at := range l.shown {
		if is(l.all[at]) {
			l.moveTo(i)
			return true
		}
	}
	return false
}

// stay keeps the selection on its row from now on: a row that comes in above it no longer takes it.
func (l *list[T]) stay() { l.moved = true }
