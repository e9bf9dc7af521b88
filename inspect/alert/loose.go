package alert

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// text is a string field that may be anything: numbers and truth values as they are written,
// null, <NA>, objects and lists as nothing.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	if len(b) == 0 {
		return nil
	}
	switch b[0] {
	case '"':
		*t = text(known(unquote(b)))
	case '{', '[', 'n':
	default:
		*t = text(b)
	}
	return nil
}

// unquote reads a JSON string. Most hold nothing to unescape, and a flood of alerts has millions.
func unquote(b []byte) string {
	inner := b[1 : len(b)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return ""
	}
	return s
}

// known makes Falco's words for "no value" empty.
func known(s string) string {
	switch s {
	case "<NA>", "<N/A>", "null", "N/A":
		return ""
	default:
		return s
	}
}

// fields are Falco's output fields. Anything but an object is no fields.
type fields map[string]text

// UnmarshalJSON never fails.
func (f *fields) UnmarshalJSON(b []byte) error {
	*f = nil
	if !bytes.HasPrefix(b, []byte("{")) {
		return nil
	}
	var m map[string]text
	if json.Unmarshal(b, &m) == nil {
		*f = m
	}
	return nil
}

// maybe is a value that may be of another type; then it is not there.
type maybe[T any] struct{ value *T }

// UnmarshalJSON never fails.
func (m *maybe[T]) UnmarshalJSON(b []byte) error {
	m.value = nil
	v := new(T)
	if bytes.HasPrefix(b, []byte("{")) && json.Unmarshal(b, v) == nil {
		m.value = v
	}
	return nil
}
