package widget

// Sign is an outcome in one character: good, bad, open or none.
type Sign int

// The signs. What they mean is defined by the screen that shows them.
const (
	// ?
	SignOpen Sign = iota
	// ✓
	SignGood
	// ✗
	SignBad
	// –
	SignNone
	// nothing: a word stands for the outcome
	SignBlank
)

// Tone is the colour of a sign.
func (s Sign) Tone() Tone {
	switch s {
	case SignGood:
		return ToneGood
	case SignBad:
		return ToneBad
	case SignNone, SignBlank:
		return ToneDim
	default:
		return ToneWarn
	}
}

// Sign is the short form of an outcome: one cell, or up to four letters without UTF-8.
func (p *Paint) Sign(s Sign) string {
	utf8, letters := "?", "??"
	switch s {
	case SignGood:
		utf8, letters = "✓", "ok"
	case SignBad:
		utf8, letters = "✗", "FAIL"
	case SignNone:
		utf8, letters = "–", "--"
	case SignBlank:
		return ""
	case SignOpen: // as above
	}
	if p.ascii {
		return letters
	}
	return utf8
}

// SignWidth is the width of the column of signs, in cells.
func (p *Paint) SignWidth() int {
	if p.ascii {
		return 4
	}
	return 1
}

// SignCell is a sign in its column.
func (p *Paint) SignCell(s Sign) Cell {
	return Cell{Text: p.Sign(s), Tone: s.Tone(), Width: p.SignWidth()}
}
