package widget

import (
	"fmt"
	"math"
	"strconv"
	"testing"
)

// palettes are the backgrounds of common terminals, with the text's own color.
var palettes = []struct {
	name             string
	dark             bool
	background, text string
}{
	{"VS Code dark", true, "#1e1e1e", "#cccccc"},
	{"VS Code light", false, "#ffffff", "#333333"},
	{"GNOME dark", true, "#1e1e1e", "#ffffff"},
	{"GNOME light", false, "#ffffff", "#1e1e1e"},
	{"iTerm2", true, "#000000", "#c7c7c7"},
	{"xterm", true, "#000000", "#e5e5e5"},
	{"xterm light", false, "#ffffff", "#000000"},
	{"Nord", true, "#2e3440", "#d8dee9"},
	{"Solarized dark", true, "#002b36", "#839496"},
	{"Solarized light", false, "#fdf6e3", "#586e75"},
}

// luminance is the relative luminance of a color (WCAG 2.2).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// contrast is the ratio of two colors, from 1 to 21 (WCAG 2.2).
func contrast(t *testing.T, a, b string) float64 {
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// hexOf is a color as #rrggbb.
func hexOf(c interface{ RGBA() (r, g, b, a uint32) }) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// Every tone with a color of its own can be read in every palette, on plain rows, and on the selected one.
func TestContrast(t *testing.T) {
	const least = 4.5
	for _, c := range palettes {
		p := NewPaint(c.dark, false, false)
		for look := range looks {
			for tone := range tones {
				style := p.styles[look][tone]
				back, front := c.background, ""
				if look != LookPlain {
					back = hexOf(p.styles[look][TonePlain].GetBackground())
				}
				if tone == ToneCritical {
					back = hexOf(style.GetBackground())
				}
				if r, g, b, a := style.GetForeground().RGBA(); a == 0 || r+g+b == 0 && tone != ToneCritical {
					continue // the terminal's own color
				}
				front = hexOf(style.GetForeground())
				if got := contrast(t, front, back); got < least {
					t.Errorf("%s: tone %d on look %d is %s on %s, %.1f:1", c.name, tone, look, front, back, got)
				}
			}
		}
	}
}

// Critical weighs more than high, and that more than medium, with colors and without.
func TestSeverityHasWeight(t *testing.T) {
	for _, noColor := range []bool{false, true} {
		p := NewPaint(true, noColor, false)
		critical, bad, warn := p.In(ToneCritical, "x"), p.In(ToneBad, "x"), p.In(ToneWarn, "x")
		if critical == bad || bad == warn || critical == "x" || bad == "x" {
			t.Errorf("without color %v: %q %q %q", noColor, critical, bad, warn)
		}
	}
}

func TestNothingIsDimOnTheSelectedRow(t *testing.T) {
	p := NewPaint(true, false, false)
	if dim, plain := p.InRow(lookCurrent, ToneDim, "x"), p.InRow(lookCurrent, TonePlain, "x"); dim != plain {
		t.Errorf("dim is %q, plain %q", dim, plain)
	}
}
