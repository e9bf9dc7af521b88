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
	// critical: nothing on the screen weighs more
	ToneCritical
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

// The colors of meaning, for light and for dark terminals. Each has a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3) to
// the background of the common palettes and to that of the selected row; a test computes it.
const (
	redLight, redDark           = "#b00020", "#ff8a8a"
	yellowLight, yellowDark     = "#7a4a00", "#f5c542"
	greenLight, greenDark       = "#0b5a2a", "#7fd88f"
	selectedLight, selectedDark = "#e5e7eb", "#2a2e3f"
	currentLight, currentDark   = "#d3e2ff", "#2b3a66"
)

// NewPaint makes the styles. The text itself has the terminal's own color; the colors of meaning are fixed, since many
// palettes make red and gray too faint to read. Terminals with fewer colors get the nearest.
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
	base[ToneCritical] = plain.Bold(true).Reverse(true)
	selected, current := plain.Bold(true), plain.Reverse(true)
	if !noColor {
		pick := lipgloss.LightDark(dark)
		accent := pick(lipgloss.Color("#1d4ed8"), lipgloss.Color("#8fb1fa"))
		second := pick(lipgloss.Color("#86198f"), lipgloss.Color("#c099ff"))
		// the terminal's own gray is too faint in most palettes
		base[ToneDim] = plain.Foreground(pick(lipgloss.Color("#4b5563"), lipgloss.Color("#b4bccb")))
		base[toneTitle] = plain.Bold(true)
		base[ToneFocus] = plain.Bold(true).Foreground(accent)
		base[ToneKey] = plain.Foreground(accent)
		base[ToneNote] = plain.Foreground(second)
		red := pick(lipgloss.Color(redLight), lipgloss.Color(redDark))
		base[ToneCritical] = plain.Bold(true).Foreground(pick(lipgloss.Color("#ffffff"), lipgloss.Color("#000000"))).
			Background(red)
		base[ToneBad] = plain.Bold(true).Foreground(red)
		base[ToneWarn] = plain.Foreground(pick(lipgloss.Color(yellowLight), lipgloss.Color(yellowDark)))
		base[ToneGood] = plain.Foreground(pick(lipgloss.Color(greenLight), lipgloss.Color(greenDark)))
		ink := plain.Foreground(pick(lipgloss.Color("#111827"), lipgloss.Color("#f3f4f6")))
		selected = ink.Background(pick(lipgloss.Color(selectedLight), lipgloss.Color(selectedDark)))
		current = ink.Background(pick(lipgloss.Color(currentLight), lipgloss.Color(currentDark)))
	}
	for t, s := range base {
		p.styles[LookPlain][t] = s
		if Tone(t) == ToneDim {
			s = base[TonePlain] // nothing on the selected row is dim
		}
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
