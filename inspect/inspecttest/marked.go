// Package inspecttest makes facts for tests of every border at which strings of others leave the program: screens,
// reports, JSON, bundles. What is added to a fact is in these tests by itself, since facts are filled by reflection.
package inspecttest

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// Mark has a character of each class that draws on a terminal, or that is not drawn at all: an escape sequence, a C1
// control, bidirectional marks, zero-width ones.
const Mark = "x\x1b]8;;http://link.example/\x07\x1b[31m\u009b5n\u202e\u2066\u200b\ufeff\x7f\r\ny"

// Drawing are the characters of Mark that no output may hold. Line breaks are not among them: reports have their own.
// Each is a class by itself: a border that lets one through cleans by a list that lacks it.
const Drawing = "\x1b\x07\u009b\u202e\u2066\u200b\ufeff\x7f\r"

// MarkedEvents gives the events of a case in which every string of every kind of fact is Mark, with typed strings
// (statuses, severities) as typed gives them: a foreign bundle may hold anything there too.
func MarkedEvents(typed func(reflect.Type) string) []inspect.Event {
	at := time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC)
	var events []inspect.Event
	for _, zero := range inspect.Kinds() {
		switch zero.(type) {
		case inspect.Reset, inspect.End:
			continue // they drop what was there, and end it
		}
		v := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(v, typed, 0)
		events = append(events, inspect.Event{
			Time: inspect.At(at), Check: Mark, Container: Mark,
			Fact: v.Interface().(inspect.Fact),
		})
	}
	rank := func(e inspect.Event) int {
		switch e.Fact.(type) {
		case inspect.Header:
			return 0
		case inspect.ImageHead:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(events, func(a, b inspect.Event) int { return cmp.Compare(rank(a), rank(b)) })
	for i := range events {
		events[i].Seq = uint64(i + 1)
	}
	return events
}

// maxDepth bounds how deep a fact is filled: none is deeper, and none refers to itself. A test of this package fails
// where a field stays empty.
const maxDepth = 12

// fill sets every field of a value: plain strings to Mark, strings of a type of their own to what typed gives,
// numbers to one, lists to two items, pointers to a new value. Bytes are left empty: they are JSON as it was
// received.
func fill(v reflect.Value, typed func(reflect.Type) string, depth int) {
	if depth > maxDepth || !v.CanSet() {
		return
	}
	if t, ok := v.Addr().Interface().(*inspect.Time); ok {
		*t = inspect.At(time.Date(2026, 3, 14, 2, 0, 0, 0, time.UTC))
		return
	}
	switch v.Kind() {
	case reflect.String:
		text := Mark
		if v.Type() != reflect.TypeFor[string]() {
			text = typed(v.Type())
		}
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), typed, depth+1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return // raw JSON
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), typed, depth+1)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, typed, depth+1)
		fill(value, typed, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), typed, depth+1)
		}
	default:
	}
}
