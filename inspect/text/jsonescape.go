package text

import (
	"unicode/utf16"
	"unicode/utf8"
)

// EscapeJSON gives encoded JSON in which no character is left that changes how a terminal draws others, or that is not
// drawn at all: C1 controls, bidirectional marks, zero-width characters are written \u….. They stand in strings only,
// so that the value is the same.
func EscapeJSON(b []byte) []byte {
	for i := 0; i < len(b); {
		if b[i] < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if hidden(r) || r == 0x7f {
			return escapeFrom(b, i)
		}
		i += n
	}
	return b
}

// escapeFrom escapes what stands from a place on.
func escapeFrom(b []byte, at int) []byte {
	out := append(make([]byte, 0, len(b)+len(b)/8), b[:at]...)
	for i := at; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r < 0x7f || !hidden(r) && r != 0x7f:
			out = append(out, b[i:i+n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = appendUnicode(appendUnicode(out, high), low)
		default:
			out = appendUnicode(out, r)
		}
		i += n
	}
	return out
}

// appendUnicode appends a UTF-16 unit as \uXXXX (RFC 8259, section 7).
func appendUnicode(b []byte, r rune) []byte {
	return append(b, '\\', 'u', HexDigits[r>>12&15], HexDigits[r>>8&15], HexDigits[r>>4&15], HexDigits[r&15])
}
