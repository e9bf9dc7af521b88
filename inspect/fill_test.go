package inspect

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// the night of the incident, for facts that need a time.
func at(minute int) Time { return At(time.Date(2026, 5, 14, 3, minute, 0, 0, time.UTC)) }

// fold makes a case of events in their order.
func fold(events ...Event) *Case {
	c := &Case{}
	for _, e := range events {
		c.Apply(e)
	}
	return c
}

// about makes events of facts about one container, found by one check.
func about(container string, facts ...Fact) []Event {
	var events []Event
	for n, f := range facts {
		events = append(events, Event{Seq: uint64(n + 1), Time: at(n), Check: "check", Container: container, Fact: f})
	}
	return events
}

var timeType = reflect.TypeFor[Time]()

// filler sets every exported field of a value, each to another value: a field that is lost or swapped shows.
type filler struct {
	n    int
	text func(n int) string // nil: value 1, value 2, …
}

// filledFact is a fact of the same kind with something in each field. The second item of each list is left zero, so
// that what an empty item becomes is seen too.
func filledFact(zero Fact) reflect.Value {
	v := reflect.New(reflect.TypeOf(zero)).Elem()
	new(filler).fill(v, 0)
	return v
}

// maxFill bounds how deep a value is filled. No type of a case refers to itself.
const maxFill = 8

func (f *filler) fill(v reflect.Value, depth int) {
	f.n++
	if v.Type() == timeType {
		v.Set(reflect.ValueOf(at(f.n)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		text := fmt.Sprint("value ", f.n)
		if f.text != nil {
			text = f.text(f.n)
		}
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(int64(-f.n))
	case reflect.Uint64, reflect.Uint8: // a number of an entry, a byte of a response
		v.SetUint(uint64(f.n))
	case reflect.Float64:
		v.SetFloat(float64(f.n) / 1024)
	case reflect.Pointer:
		if depth < maxFill {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), depth+1)
		}
	case reflect.Slice:
		if depth < maxFill {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			f.fill(v.Index(0), depth+1)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key, depth+1)
		f.fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i), depth+1)
			}
		}
	default:
	}
}

// eachLeaf visits every string, number, flag and time of a filled value, with the path of its field. Items of maps are
// left out: they cannot be set in place.
func eachLeaf(v reflect.Value, path string, visit func(path string, leaf reflect.Value)) {
	if v.Type() == timeType {
		visit(path, v)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		eachLeaf(v.Elem(), path, visit)
	case reflect.Slice:
		eachLeaf(v.Index(0), path+"[0]", visit)
	case reflect.Struct:
		for i := range v.NumField() {
			eachLeaf(v.Field(i), strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), visit)
		}
	case reflect.Map:
	default:
		visit(path, v)
	}
}

// change sets a leaf to another value of its type.
func change(leaf reflect.Value) {
	switch leaf.Kind() {
	case reflect.String:
		leaf.SetString(leaf.String() + " changed")
	case reflect.Bool:
		leaf.SetBool(!leaf.Bool())
	case reflect.Uint64, reflect.Uint8:
		leaf.SetUint(leaf.Uint() + 7)
	case reflect.Float64:
		leaf.SetFloat(leaf.Float() + 1)
	case reflect.Struct: // a Time
		leaf.Set(reflect.ValueOf(At(leaf.Interface().(Time).Add(time.Hour))))
	default:
		leaf.SetInt(leaf.Int() + 7)
	}
}

// A filler that leaves fields out would make the tests below empty.
func TestTheFillerReachesEveryField(t *testing.T) {
	for _, zero := range Kinds() {
		eachLeaf(filledFact(zero), zero.FactKind(), func(path string, leaf reflect.Value) {
			if leaf.IsZero() {
				t.Errorf("%s is not set", path)
			}
		})
	}
}
