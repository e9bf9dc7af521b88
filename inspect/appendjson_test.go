package inspect

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// What is appended is what EncodeJSON writes, of every field that our lists have.
func TestAppendJSON(t *testing.T) {
	at := At(time.Date(2026, 3, 1, 8, 0, 0, 500, time.UTC))
	number := 7
	for _, v := range []any{
		&FlaggedPod{}, &Alert{}, &PodList{},
		filled[FlaggedPod](), filled[Alert](), filled[PodList](), filled[Case](),
		&struct{ Untagged string }{"x"},
		&struct {
			A string `json:"a"`
			Alert
		}{"x", Alert{ID: "1"}},
		&struct {
			Alert
			ID string `json:"id"`
		}{Alert{ID: "1"}, "2"},
		&struct {
			*Alert
		}{&Alert{ID: "1"}},
		&struct {
			Alert `json:"alert"`
		}{Alert{ID: "1"}},
		&struct {
			Time   Time              `json:"time,omitempty"`
			Zero   Time              `json:"zero,omitzero"`
			Part   Owner             `json:"part,omitzero"`
			Number *int              `json:"number"`
			None   *int              `json:"none"`
			Bytes  []byte            `json:"bytes"`
			Float  float64           `json:"float"`
			Map    map[string]string `json:"map,omitempty"`
			Full   map[string]string `json:"full"`
			Quoted int               `json:"quoted,string"`
			Any    any               `json:"any"`
			Left   string            `json:"-"`
		}{Time: at, Number: &number, Bytes: []byte("x"), Float: 1.5, Full: map[string]string{"b": "<", "a": ""}, Any: []int{1}, Left: "left"},
		&[]Owner{}, &[]*Owner{nil, {Name: "x"}}, &struct{}{},
	} {
		got, err := appendJSON(nil, reflect.ValueOf(v).Elem(), 0)
		if err != nil {
			t.Fatal(err)
		}
		want, err := EncodeJSON(v)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(append(got, '\n'), want) {
			t.Errorf("%T: got\n%.3000s\nwant\n%.3000s", v, got, want)
		}
	}
	if b, err := appendJSON(nil, reflect.ValueOf(&[]any{make(chan int)}).Elem(), 0); err == nil {
		t.Errorf("got %s", b)
	}
}

// filled is a value with something in each field.
func filled[T any]() *T {
	v := new(T)
	fill(reflect.ValueOf(v).Elem(), 0)
	return v
}

func fill(v reflect.Value, depth int) {
	if v.Type() == timeType {
		v.Set(reflect.ValueOf(At(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("a <b> \"c\"\n\u2028\xff")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(-12)
	case reflect.Pointer:
		if depth < 8 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), depth+1)
		}
	case reflect.Slice:
		if depth < 8 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), depth+1)
			}
		}
	default:
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("a <b> & \"c\" \\ \b\f\n\r\t\x00\x1f\x7f\u2028\u2029 é 漢 \U0001f600\xff\xc3")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Skip("no JSON of ours")
		}
		if got := appendString(nil, s); !bytes.Equal(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
