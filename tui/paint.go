package tui

import (
	"charm.land/lipgloss/v2"
)

// tone is what a piece of text means; the theme says how that looks.
type tone int

const (
	tonePlain tone = iota
	toneDim
	toneBold
	toneTitle // of a region
	toneFocus // of the region that has the focus
	toneKey   // a key to press
	toneBad
	toneWarn
	toneGood
	toneNote
	tones
)

// look says how a row stands in its list.
type look int

const (
	lookPlain    look = iota
	lookSelected      // in a region without the focus
	lookCurrent       // selected, and the region has the focus
	looks
)

// paint is how things look: a theme's styles, and signs for terminals with and without UTF-8.
type paint struct {
	styles [looks][tones]lipgloss.Style
	ascii  bool
}

// newPaint makes the styles: the sixteen ANSI colours, which follow the terminal's own theme, and two accents.
func newPaint(dark, noColor, ascii bool) *paint {
	p := &paint{ascii: ascii}
	plain := lipgloss.NewStyle()
	base := [tones]lipgloss.Style{}
	for t := range base {
		base[t] = plain
	}
	base[toneBold], base[toneTitle], base[toneFocus], base[toneKey] = plain.Bold(true), plain.Bold(true), plain.Bold(true), plain.Bold(true)
	base[toneBad] = plain.Bold(true)
	selected, current := plain.Bold(true), plain.Reverse(true)
	if !noColor {
		pick := lipgloss.LightDark(dark)
		accent := pick(lipgloss.Color("#1d4ed8"), lipgloss.Color("#7aa2f7"))
		second := pick(lipgloss.Color("#86198f"), lipgloss.Color("#c099ff"))
		base[toneDim] = plain.Foreground(lipgloss.BrightBlack)
		base[toneTitle] = plain.Bold(true)
		base[toneFocus] = plain.Bold(true).Foreground(accent)
		base[toneKey] = plain.Foreground(accent)
		base[toneNote] = plain.Foreground(second)
		base[toneBad] = plain.Bold(true).Foreground(pick(lipgloss.Red, lipgloss.BrightRed))
		base[toneWarn] = plain.Foreground(pick(lipgloss.Magenta, lipgloss.Yellow))
		base[toneGood] = plain.Foreground(lipgloss.Green)
		selected = plain.Background(pick(lipgloss.Color("#e5e7eb"), lipgloss.Color("#2a2e3f")))
		current = plain.Background(pick(lipgloss.Color("#c7dbff"), lipgloss.Color("#33467c")))
	}
	for t, s := range base {
		p.styles[lookPlain][t] = s
		p.styles[lookSelected][t] = s.Inherit(selected)
		p.styles[lookCurrent][t] = s.Inherit(current)
	}
	return p
}

// in writes text in a tone. The text must be clean.
func (p *paint) in(t tone, s string) string {
	if t == tonePlain || s == "" {
		return s
	}
	return p.styles[lookPlain][t].Render(s)
}
