package report

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/text"
)

// cleaned gives a copy of a value in which every string is safe to show. The renderers work on such a copy, so that
// none of them can forget one.
//
// Reflection finds every string of every type, also of those that are added later. Cleaning at the border, and not
// where facts are recorded, keeps the record as it was received.
func cleaned[T any](v T) T {
	out, _ := cleanedValue(reflect.ValueOf(v)).Interface().(T)
	return out
}

// cleanedValue copies a value with all that it leads to. Structures without exported fields, such as times, are taken
// as they are.
// It copies what it changes, and shares the rest with the original.
func cleanedValue(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf(clean(v.String())).Convert(v.Type())
	case reflect.Pointer:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(cleanedValue(v.Elem()))
		return p
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			list.Index(i).Set(cleanedValue(v.Index(i)))
		}
		return list
	case reflect.Map:
		return cleanedMap(v)
	case reflect.Struct:
		s := reflect.New(v.Type()).Elem()
		s.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type() != reflect.TypeFor[inspect.Time]() {
				s.Field(i).Set(cleanedValue(v.Field(i)))
			}
		}
		return s
	default:
		return v
	}
}

// cleanedMap copies a map with clean keys and values.
// Two keys that become one when they are cleaned are one entry: which of the two is left is not defined.
func cleanedMap(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return v
	}
	m := reflect.MakeMap(v.Type())
	for it := v.MapRange(); it.Next(); {
		m.SetMapIndex(cleanedValue(it.Key()), cleanedValue(it.Value()))
	}
	return m
}

// credentials are a user and password in a URL, up to the last @ before its path: a password may have one too.
var credentials = regexp.MustCompile(`(://)[^/\s]+@`)

// clean makes a foreign string safe to show and takes credentials out of URLs.
// The ledger has removed secrets already; this is for texts that never were facts, such as errors of the moment.
func clean(s string) string {
	s = text.Clean(s)
	if !strings.Contains(s, "://") {
		return s
	}
	return credentials.ReplaceAllString(s, "${1}…@")
}
