package inspecttest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// marked gives the events with the mark in typed strings too.
func marked() []inspect.Event {
	return MarkedEvents(func(reflect.Type) string { return Mark })
}

// Every kind that says something is among the events, so that no border goes untested.
func TestEveryKindIsMarked(t *testing.T) {
	seen := map[string]int{}
	for _, e := range marked() {
		seen[e.Fact.FactKind()]++
		if e.Check != Mark || e.Container != Mark || e.Time.IsZero() {
			t.Errorf("%s: the head of the entry is %q, %q, %s", e.Fact.FactKind(), e.Check, e.Container, e.Time.Stamp())
		}
	}
	for _, f := range inspect.Kinds() {
		kind := f.FactKind()
		want := 1
		switch f.(type) {
		case inspect.Reset, inspect.End:
			want = 0 // they drop what was there, and end the case
		}
		if seen[kind] != want {
			t.Errorf("%s: %d events, want %d", kind, seen[kind], want)
		}
	}
}

// No field is left out: an empty one would hide that its text is not cleaned.
func TestEveryTextIsMarked(t *testing.T) {
	for _, e := range marked() {
		each(reflect.ValueOf(e.Fact), e.Fact.FactKind(), func(path, text string) {
			if text != Mark {
				t.Errorf("%s is %q", path, text)
			}
		})
	}
}

// each visits every text of a value. Slices of bytes are JSON as it came.
func each(v reflect.Value, path string, visit func(path, text string)) {
	switch v.Kind() {
	case reflect.String:
		visit(path, v.String())
	case reflect.Pointer:
		if v.IsNil() {
			visit(path, "a nil pointer")
			return
		}
		each(v.Elem(), path, visit)
	case reflect.Slice:
		if v.Len() == 0 && v.Type().Elem().Kind() != reflect.Uint8 {
			visit(path, "an empty list")
		}
		for i := range v.Len() {
			each(v.Index(i), path, visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			each(key, path+" key", visit)
			each(v.MapIndex(key), path, visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				each(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
			}
		}
	default:
	}
}

// Typed strings are what the test asks for: a foreign bundle may hold an ordinary status, none, or anything.
func TestTypedStringsAreThoseOfTheTest(t *testing.T) {
	asked := map[string]bool{}
	events := MarkedEvents(func(kind reflect.Type) string {
		asked[kind.Name()] = true
		return "failed"
	})
	for _, name := range []string{
		"Status", "RowStatus", "GateStatus", "Severity", "AnswerStatus", "Basis",
		"ContainerType", "Level",
	} {
		if !asked[name] {
			t.Errorf("%s is not asked for", name)
		}
	}
	for _, e := range events {
		if f, is := e.Fact.(inspect.Finding); is && (f.Status != inspect.RowFailed || f.Severity != "failed" ||
			f.Title != Mark) {
			t.Errorf("%+v", f)
		}
	}
}

// The header and the head of the image come first, so that the other facts fall on a case and an image that have names.
func TestTheOrderOfTheEvents(t *testing.T) {
	events := marked()
	for i, e := range events {
		if e.Seq != uint64(i+1) {
			t.Fatalf("entry %d has the number %d", i+1, e.Seq)
		}
	}
	if _, first := events[0].Fact.(inspect.Header); !first {
		t.Errorf("the first is a %T", events[0].Fact)
	}
	if _, second := events[1].Fact.(inspect.ImageHead); !second {
		t.Errorf("the second is a %T", events[1].Fact)
	}
}

// The mark reaches what it is for: it comes through a record unchanged, and folds into every part of a case.
func TestTheMarkComesThrough(t *testing.T) {
	var c inspect.Case
	for _, e := range marked() {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if at := strings.IndexAny(string(line), Drawing); at >= 0 {
			t.Errorf("%s: the line itself draws at %q", e.Fact.FactKind(), line[at:min(len(line), at+8)])
		}
		var back inspect.Event
		if err := json.Unmarshal(line, &back); err != nil || !reflect.DeepEqual(back.Fact, e.Fact) {
			t.Errorf("%s is read back as another fact: %v", e.Fact.FactKind(), err)
		}
		c.Apply(back)
	}
	if len(c.Images) != 1 || c.Images[0].Container != Mark || c.Images[0].Reference != Mark || len(c.Findings) == 0 {
		t.Errorf("%d images, %d findings", len(c.Images), len(c.Findings))
	}
	for _, class := range Drawing {
		if !strings.ContainsRune(Mark, class) {
			t.Errorf("the mark has no %U", class)
		}
	}
}
