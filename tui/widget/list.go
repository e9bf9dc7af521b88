package widget

import "strings"

// Item is what a list can hold: one line with an identity.
type Item interface {
	// identity: the selection follows it, whatever moves
	Key() string
	// the text that the filter searches
	Find() string
	// how it looks
	Cells(width int) []Cell
}

// List is rows with a filter and a selection. The zero value is an empty list; it draws once it has a paint.
type List[T Item] struct {
	Window
	// Paint: that rows are drawn with
	Paint *Paint
	// Mark: one letter in front of a row; nil: none
	Mark func(T) string
	all  []T
	// shown: indexes into all of the rows that match the filter
	shown  []int
	filter string
	// moved: by a person: until then the first row, the worst, stays selected
	moved bool
	// lost: key of the selected row that went away, as while a check runs again: it is selected when it is back
	lost string
}

// Len counts the rows that match the filter.
func (l *List[T]) Len() int { return len(l.shown) }

// Size counts all rows, whatever the filter.
func (l *List[T]) Size() int { return len(l.all) }

// Row draws a row, with a pointer in front of the selected one: colour alone is not visible everywhere.
func (l *List[T]) Row(i, width int, k Look) string {
	r := l.all[l.shown[i]]
	pointer, letter := " ", " "
	if k != LookPlain {
		pointer = "▸"
	}
	if l.Mark != nil {
		if s := l.Mark(r); s != "" {
			letter = s
		}
	}
	lead := Cell{Text: pointer + letter, Tone: ToneKey, Width: 2}
	return l.Paint.Line(width, k, append([]Cell{lead}, r.Cells(width-3)...)...)
}

// Set replaces the rows; the selection stays with its row.
func (l *List[T]) Set(all []T) {
	id := l.lost
	if id == "" {
		id = l.SelectedKey()
	}
	l.all = all
	l.refilter(id)
}

// Filter is what SetFilter set.
func (l *List[T]) Filter() string { return l.filter }

// SetFilter shows only rows that contain all the words of the filter, in any order and case.
func (l *List[T]) SetFilter(s string) {
	id := l.SelectedKey()
	l.filter = s
	l.refilter(id)
}

// refilter finds the rows that match, and selects the one with this key again.
func (l *List[T]) refilter(id string) {
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
		l.Top = max(0, l.Top+at-l.At)
		l.At = at
	} else if l.moved {
		l.lost = id
	}
	l.At = min(l.At, max(0, len(l.shown)-1))
	if !l.moved {
		l.At, l.Top = 0, 0
	}
}

// Follow selects the row that replaces the selected one, at the same height of the screen.
func (l *List[T]) Follow(id string) {
	for i, at := range l.shown {
		if l.all[at].Key() == id {
			l.Top = max(0, l.Top+i-l.At)
			l.At = i
			return
		}
	}
}

// Move selects another row, for a person.
func (l *List[T]) Move(by int) { l.MoveTo(l.At + by) }

// MoveTo selects a row by its number among those that match the filter, for a person.
func (l *List[T]) MoveTo(at int) {
	l.moved, l.lost = true, ""
	l.At = min(max(0, at), max(0, len(l.shown)-1))
}

// containsAll reports whether a text contains all the words.
func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// Selected gives the selected row; false where there is none.
func (l *List[T]) Selected() (T, bool) {
	if l.At < 0 || l.At >= len(l.shown) {
		var none T
		return none, false
	}
	return l.all[l.shown[l.At]], true
}

// SelectedKey is the key of the selected row, empty where there is none.
func (l *List[T]) SelectedKey() string {
	r, ok := l.Selected()
	if !ok {
		return ""
	}
	return r.Key()
}

// Choose selects the row with this key, for a person, and reports whether there is one.
func (l *List[T]) Choose(id string) bool {
	return l.ChooseFunc(func(r T) bool { return r.Key() == id })
}

// ChooseFunc selects the first row for which is reports true.
func (l *List[T]) ChooseFunc(is func(T) bool) bool {
	for i, at := range l.shown {
		if is(l.all[at]) {
			l.MoveTo(i)
			return true
		}
	}
	return false
}

// Want selects the row with this key as soon as it is there, as if a person had moved to it: for a list that is filled
// anew, and should be where it was left.
func (l *List[T]) Want(id string) {
	if id != "" {
		l.moved, l.lost = true, id
	}
}

// Moved reports whether a person has moved the selection.
func (l *List[T]) Moved() bool { return l.moved }

// Stay keeps the selection on its row from now on: a row that comes in above it no longer takes it.
func (l *List[T]) Stay() { l.moved = true }
