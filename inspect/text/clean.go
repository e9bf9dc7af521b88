package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a foreign string safe to show: control characters, escape sequences, bidirectional marks and bytes that
// are not UTF-8 become visible stand-ins, line breaks too. It stands at the border to the terminal and to reports,
// so that no cluster, registry, certificate or image draws on a responder's screen.
func Clean(s string) string {
	if !needsCleaning(s) {
		return s
	}
	return clean(s, false)
}

// CleanLines is Clean for text of several lines: it keeps line breaks, and makes a tab four blanks.
func CleanLines(s string) string {
	return clean(s, true)
}

func needsCleaning(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return true
		}
	}
	return false
}

func clean(s string, lines bool) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			b.WriteByte(HexDigits[s[i]>>4])
			b.WriteByte(HexDigits[s[i]&15])
		case lines && r == '\n':
			b.WriteByte('\n')
		case lines && r == '\t':
			b.WriteString("    ")
		case r == '\n':
			b.WriteString("⏎")
		case r == '\t':
			b.WriteByte(' ')
		case r < 0x20:
			b.WriteRune('\u2400' + r) // the visible picture of the control character
		case r == 0x7f:
			b.WriteRune('\u2421')
		case hidden(r):
			writeEscape(&b, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

const HexDigits = "0123456789abcdef"

// hidden reports whether a rune changes how others are drawn, or is not drawn at all: C1 controls, bidirectional and
// other format characters, private use, separators of lines and paragraphs, variation selectors.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector) ||
		r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0'
}

func writeEscape(b *strings.Builder, r rune) {
	b.WriteString("<U+")
	started := false
	for shift := 20; shift >= 0; shift -= 4 {
		d := (r >> shift) & 15
		if d != 0 || started || shift < 16 {
			started = true
			b.WriteByte("0123456789ABCDEF"[d])
		}
	}
	b.WriteByte('>')
}
