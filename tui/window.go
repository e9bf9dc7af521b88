package tui

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

// move selects another row, at most to the first or the last one.
func (w *window) move(by, length int) { w.at = min(max(0, w.at+by), max(0, length-1)) }

// seek scrolls so that the selected row is in sight, among length rows on height lines.
func (w *window) seek(length, height int) {
	w.at = min(max(0, w.at), max(0, length-1))
	w.top = min(w.top, w.at, max(0, length-height))
	w.top = max(w.top, w.at-height+1, 0)
}

// draw gives at most height lines, from the first row in sight on. It changes nothing: seek goes before it.
func (w window) draw(r rows, width, height int, focused bool) []string {
	lines := make([]string, 0, max(0, height))
	for i := w.top; i < min(r.Len(), w.top+height); i++ {
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
