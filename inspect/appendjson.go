package inspect

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/backtrail/backtrail/inspect/text"
)

// appender appends a value of one type as EncodeJSON writes it, in one pass: with 100,000 alerts that is a third of the
// work. level is how deep it stands.
type appender func(b []byte, v reflect.Value, level int) ([]byte, error)

var appenders sync.Map // by reflect.Type

// appendJSON appends v, without a line break at the end. v can be addressed.
func appendJSON(b []byte, v reflect.Value, level int) ([]byte, error) {
	return appenderOf(v.Type())(b, v, level)
}

func appenderOf(t reflect.Type) appender {
	if known, ok := appenders.Load(t); ok {
		return known.(appender)
	}
	a := newAppender(t)
	appenders.Store(t, a)
	return a
}

var (
	timeType      = reflect.TypeFor[Time]()
	marshalerType = reflect.TypeFor[json.Marshaler]()
	textType      = reflect.TypeFor[encoding.TextMarshaler]()
)

func newAppender(t reflect.Type) appender {
	if t == timeType {
		return appendTime
	}
	if p := reflect.PointerTo(t); p.Implements(marshalerType) || p.Implements(textType) {
		return appendAny
	}
	switch t.Kind() {
	case reflect.String:
		return func(b []byte, v reflect.Value, _ int) ([]byte, error) { return appendString(b, v.String()), nil }
	case reflect.Bool:
		return func(b []byte, v reflect.Value, _ int) ([]byte, error) { return strconv.AppendBool(b, v.Bool()), nil }
	case reflect.Int, reflect.Int64, reflect.Int32:
		return func(b []byte, v reflect.Value, _ int) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Struct {
			return appendPointer
		}
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return appendSlice
		}
	case reflect.Struct:
		if fields, ok := fieldsOf(t, nil); ok {
			return fields.append
		}
	default:
	}
	return appendAny
}

// appendAny leaves the work to encoding/json.
func appendAny(b []byte, v reflect.Value, level int) ([]byte, error) {
	text, err := json.MarshalIndent(withLists(v).Interface(), strings.Repeat("  ", level), "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", v.Type(), err)
	}
	return append(b, text...), nil
}

func appendTime(b []byte, v reflect.Value, _ int) ([]byte, error) {
	t := v.Addr().Interface().(*Time)
	if t.IsZero() {
		return append(b, "null"...), nil
	}
	return append(t.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), nil
}

func appendPointer(b []byte, v reflect.Value, level int) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	return appendJSON(b, v.Elem(), level)
}

func appendSlice(b []byte, v reflect.Value, level int) ([]byte, error) {
	if v.Len() == 0 {
		return append(b, "[]"...), nil
	}
	element := appenderOf(v.Type().Elem())
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = element(appendBreak(b, level+1), v.Index(i), level+1); err != nil {
			return nil, err
		}
	}
	return append(appendBreak(b, level), ']'), nil
}

func appendBreak(b []byte, level int) []byte {
	b = append(b, '\n')
	for range level {
		b = append(b, ' ', ' ')
	}
	return b
}

// jsonField is a field of a struct, those of an embedded one included.
type jsonField struct {
	index  []int
	name   string // "name":
	append appender
	absent func(reflect.Value) bool // nil: it is always written
}

type jsonFields []jsonField

func (fields jsonFields) append(b []byte, v reflect.Value, level int) ([]byte, error) {
	b = append(b, '{')
	begun := len(b)
	for i := range fields {
		f := &fields[i]
		value := v.FieldByIndex(f.index)
		if f.absent != nil && f.absent(value) {
			continue
		}
		if len(b) > begun {
			b = append(b, ',')
		}
		var err error
		if b, err = f.append(append(appendBreak(b, level+1), f.name...), value, level+1); err != nil {
			return nil, err
		}
	}
	if len(b) > begun {
		b = appendBreak(b, level)
	}
	return append(b, '}'), nil
}

// fieldsOf gives the fields of t in their order. ok is false for what only encoding/json knows to write.
func fieldsOf(t reflect.Type, above []int) (fields jsonFields, ok bool) {
	names := map[string]bool{}
	for i := range t.NumField() {
		field := t.Field(i)
		tag, isTagged := field.Tag.Lookup("json")
		index := append(above[:len(above):len(above)], i)
		switch {
		case tag == "-":
			continue
		case field.Anonymous && !isTagged && field.IsExported() && field.Type.Kind() == reflect.Struct:
			inner, ok := fieldsOf(field.Type, index)
			if !ok {
				return nil, false
			}
			fields = append(fields, inner...)
			continue
		case field.Anonymous:
			return nil, false
		case !field.IsExported():
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		f := jsonField{index: index, name: string(appendString(nil, name)) + ": ", append: appenderOf(field.Type)}
		switch {
		case name == "":
			return nil, false
		case options == "omitempty" && field.Type.Kind() == reflect.Slice, options == "omitempty" &&
			field.Type.Kind() == reflect.Map:
			f.absent = func(v reflect.Value) bool { return v.Len() == 0 }
		case options == "omitempty" && field.Type.Kind() != reflect.Struct, options == "omitzero" &&
			field.Type == timeType:
			f.absent = reflect.Value.IsZero
		case options != "":
			return nil, false
		}
		fields = append(fields, f)
	}
	for _, f := range fields {
		if names[f.name] {
			return nil, false
		}
		names[f.name] = true
	}
	return fields, true
}

// appendString appends a string as encoding/json does, with < > & escaped.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if plain[c] {
				i++
				continue
			}
			b = appendEscape(append(b, s[done:i]...), c)
			i++
			done = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if size == 1 && r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			b = append(append(b, s[done:i]...), '\\', 'u', text.HexDigits[r>>12&15], text.HexDigits[r>>8&15],
				text.HexDigits[r>>4&15], text.HexDigits[r&15])
			done = i + size
		}
		i += size
	}
	return append(append(b, s[done:]...), '"')
}

// plain are the characters of ASCII that stand for themselves in a string.
var plain = func() (is [utf8.RuneSelf]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		is[c] = !strings.ContainsRune(`"\<>&`, rune(c))
	}
	return is
}()

func appendEscape(b []byte, c byte) []byte {
	const short = "\"\"\\\\\bb\ff\nn\rr\tt" // each with what is written for it
	for i := 0; i < len(short); i += 2 {
		if short[i] == c {
			return append(b, '\\', short[i+1])
		}
	}
	return append(b, '\\', 'u', '0', '0', text.HexDigits[c>>4], text.HexDigits[c&15])
}
