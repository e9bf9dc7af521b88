package widget

// rows is what a window shows: only the rows that can be seen are ever drawn.
type rows interface {
	Len() int
	Row(i, width int, l Look) string
}

// Window is the part of some rows that can be seen, and the selected one among them.
type Window struct {
	// At: selected row
	At int
	// Top: first row in sight
	Top int
}

// Move selects another row, at most to the first or the last one.
func (w *Window) Move(by, length int) { w.At = min(max(0, w.At+by), max(0, length-1)) }

// Seek scrolls so that the selected row is in sight, among length rows on height lines.
func (w *Window) Seek(length, height int) {
	w.At = min(max(0, w.At), max(0, length-1))
	w.Top = min(w.Top, w.At, max(0, length-height))
	w.Top = max(w.Top, w.At-height+1, 0)
}

// Draw gives at most height lines, from the first row in sight on. It changes nothing: seek goes before it.
func (w Window) Draw(r rows, width, height int, focused bool) []string {
	lines := make([]string, 0, max(0, height))
	for i := w.Top; i < min(r.Len(), w.Top+height); i++ {
		l := LookPlain
		switch {
		case i == w.At && focused:
			l = lookCurrent
		case i == w.At:
			l = lookSelected
		}
		lines = append(lines, r.Row(i, width, l))
	}
	return lines
}
