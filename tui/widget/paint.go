package widget

import (
	"charm.land/lipgloss/v2"
)

// Tone is what a piece of text means; the theme defines how that looks.
type Tone int

// The tones.
const (
	TonePlain Tone = iota
	ToneDim
	ToneBold
	// of a region
	toneTitle
	// of the region that has the focus
	ToneFocus
	// a key to press
	ToneKey
	ToneBad
	ToneWarn
	ToneGood
	ToneNote
	tones
)

// Look is how a row stands out in its list.
type Look int

// The looks.
const (
	LookPlain Look = iota
	// in a region without the focus
	lookSelected
	// selected, and the region has the focus
	lookCurrent
	looks
)

// Paint is how things look: a theme's styles, and signs for terminals with and without UTF-8.
type Paint struct {
	styles [looks][tones]lipgloss.Style
	ascii  bool
}

// NewPaint makes the styles: the sixteen ANSI colours, which follow the terminal's own theme, and two accents.
func NewPaint(dark, noColor, ascii bool) *Paint {
	p := &Paint{ascii: ascii}
	plain := lipgloss.NewStyle()
	base := [tones]lipgloss.Style{}
	for t := range base {
		base[t] = plain
	}
	for _, t := range []Tone{ToneBold, toneTitle, ToneFocus, ToneKey, ToneBad} {
		base[t] = plain.Bold(true)
	}
	selected, current := plain.Bold(true), plain.Reverse(true)
	if !noColor {
		pick := lipgloss.LightDark(dark)
		accent := pick(lipgloss.Color("#1d4ed8"), lipgloss.Color("#7aa2f7"))
		second := pick(lipgloss.Color("#86198f"), lipgloss.Color("#c099ff"))
		base[ToneDim] = plain.Foreground(lipgloss.BrightBlack)
		base[toneTitle] = plain.Bold(true)
		base[ToneFocus] = plain.Bold(true).Foreground(accent)
		base[ToneKey] = plain.Foreground(accent)
		base[ToneNote] = plain.Foreground(second)
		base[ToneBad] = plain.Bold(true).Foreground(pick(lipgloss.Red, lipgloss.BrightRed))
		base[ToneWarn] = plain.Foreground(pick(lipgloss.Magenta, lipgloss.Yellow))
		base[ToneGood] = plain.Foreground(lipgloss.Green)
		selected = plain.Background(pick(lipgloss.Color("#e5e7eb"), lipgloss.Color("#2a2e3f")))
		current = plain.Background(pick(lipgloss.Color("#c7dbff"), lipgloss.Color("#33467c")))
	}
	for t, s := range base {
		p.styles[LookPlain][t] = s
		p.styles[lookSelected][t] = s.Inherit(selected)
		p.styles[lookCurrent][t] = s.Inherit(current)
	}
	return p
}

// InRow writes text in a tone on a row with a look. The text must be clean.
func (p *Paint) InRow(l Look, t Tone, s string) string { return render(p.styles[l][t], s) }

// In writes text in a tone. The text must be clean.
func (p *Paint) In(t Tone, s string) string {
	if t == TonePlain || s == "" {
		return s
	}
	return p.styles[LookPlain][t].Render(s)
}
