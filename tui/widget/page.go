package widget

// Page is a text of which a part is visible.
type Page struct {
	// Lines: drawn, each as wide as the page or less
	Lines []string
	// Top: first line in sight
	Top int
}

// Fit scrolls back where the page ends above the given height. Call it after Lines or the height changed.
func (p *Page) Fit(height int) { p.Top = min(max(0, p.Top), max(0, len(p.Lines)-height)) }

// Move scrolls down by so many lines, or up.
func (p *Page) Move(by int) { p.Top = max(0, p.Top+by) }

// Draw gives at most height lines; the last one counts those that follow.
func (p Page) Draw(paint *Paint, width, height int) []string {
	height = max(0, height)
	from := min(max(0, p.Top), len(p.Lines))
	out := make([]string, min(height, len(p.Lines)-from))
	copy(out, p.Lines[from:])
	if rest := len(p.Lines) - from - height; rest > 0 && height > 1 {
		out[height-1] = paint.In(ToneDim, Fit("… "+Plural(rest+1, "more line"), width))
	}
	return out
}
