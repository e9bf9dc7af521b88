package tui

// sign is an outcome in one character: good, bad, open or none.
type sign int

// The signs. What they mean is defined by the screen that shows them.
const (
	signOpen sign = iota // ?
	signGood             // ✓
	signBad              // ✗
	signNone             // –
)

// tone is the colour of a sign.
func (s sign) tone() tone {
	switch s {
	case signGood:
		return toneGood
	case signBad:
		return toneBad
	case signNone:
		return toneDim
	default:
		return toneWarn
	}
}

// sign is the short form of an outcome: one cell, or up to four letters without UTF-8.
func (p *paint) sign(s sign) string {
	utf8, letters := "?", "??"
	switch s {
	case signGood:
		utf8, letters = "✓", "ok"
	case signBad:
		utf8, letters = "✗", "FAIL"
	case signNone:
		utf8, letters = "–", "--"
	case signOpen: // as above
	}
	if p.ascii {
		return letters
	}
	return utf8
}

// signWidth is the width of the column of signs, in cells.
func (p *paint) signWidth() int {
	if p.ascii {
		return 4
	}
	return 1
}

// signCell is a sign in its column.
func (p *paint) signCell(s sign) cell {
	return cell{text: p.sign(s), tone: s.tone(), width: p.signWidth()}
}
