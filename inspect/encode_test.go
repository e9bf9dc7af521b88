package inspect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// Lists are never null, at any depth; what is a list to Go and a text to JSON stays as it is.
func TestEmptyListsAreWritten(t *testing.T) {
	type inner struct {
		Names []string `json:"names"`
	}
	type Embedded struct {
		Own []string `json:"own"`
	}
	for name, tt := range map[string]struct {
		v    any
		want string
	}{
		"a list":                {[]string(nil), `[]`},
		"of lists":              {[][]string{nil, {"a"}}, `[[],["a"]]`},
		"a field":               {inner{}, `{"names":[]}`},
		"behind a pointer":      {&inner{}, `{"names":[]}`},
		"in a list":             {[]inner{{}, {[]string{"a"}}}, `[{"names":[]},{"names":["a"]}]`},
		"in a list of pointers": {[]*inner{{}, nil}, `[{"names":[]},null]`},
		"of an embedded part":   {struct{ Embedded }{}, `{"own":[]}`},
		"left out where it is so": {struct {
			A []string `json:"a,omitempty"`
		}{}, `{}`},
		"bytes": {struct {
			B []byte `json:"b"`
		}{}, `{"b":null}`},
		"raw JSON": {struct {
			R json.RawMessage `json:"r"`
		}{json.RawMessage(`[null]`)}, `{"r":[null]}`},
		"a table": {struct {
			M map[string]int `json:"m"`
		}{}, `{"m":null}`},
		"no pointer":          {(*inner)(nil), `null`},
		"a number behind one": {new(int), `0`},
		"a time": {struct {
			T Time `json:"t"`
		}{}, `{"t":null}`},
		"a field of others": {struct {
			names []string
			N     int `json:"n"`
		}{}, `{"n":0}`},
		"text of others": {inner{[]string{"a\u202eb<c>\x1b"}}, `{"names":["a\u202eb\u003cc\u003e\u001b"]}`},
	} {
		got, err := EncodeJSON(tt.v)
		var compact bytes.Buffer
		if err != nil || json.Compact(&compact, got) != nil || compact.String() != tt.want || !bytes.HasSuffix(got,
			[]byte("\n")) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, tt.want)
		}
	}
}

// What is written is copied, not changed: others draw the same case.
func TestWritingChangesNothing(t *testing.T) {
	c := fold(ledgerOf()...)
	before := fmt.Sprintf("%#v", c.Images)
	if !strings.Contains(before, "(nil)") {
		t.Fatal("the case has no empty list: this test needs one")
	}
	encoded(t, c)
	if fmt.Sprintf("%#v", c.Images) != before {
		t.Error("writing the case changed it")
	}
}

// A value without an empty list is not copied: lists of 100,000 alerts are written often.
func TestWhatLacksNothingIsNotCopied(t *testing.T) {
	full := PodChange{What: []string{"a"}}
	if got := withLists(reflect.ValueOf(&full)).Interface(); got != &full {
		t.Error("a value that lacks nothing was copied")
	}
	full.What = nil
	if got := withLists(reflect.ValueOf(&full)).Interface().(*PodChange); got == &full || got.What == nil ||
		full.What != nil {
		t.Errorf("a value that lacks a list: %+v, and the original %+v", got, full)
	}
}

func TestWhatJSONHasNoFormFor(t *testing.T) {
	if b, err := EncodeJSON(struct{ C chan int }{}); err == nil {
		t.Errorf("%s", b)
	}
}

// A case is written with two blanks of indent, one field a line, as git and diff like it.
func TestTheFormOfJSON(t *testing.T) {
	got, err := EncodeJSON(PodChange{Time: at(9), State: PodGone})
	want := `{
  "time": "2026-05-14T03:09:00Z",
  "state": "gone",
  "what": [],
  "exhibit": ""
}
`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

// An answer that no check has given is open and names the checks that run, once each; never an answer "none".
func TestAnswersThatAreWaitedFor(t *testing.T) {
	begin := func(check, container string) Event { return Event{Check: check, Container: container, Fact: Begin{}} }
	end := func(check, container string, s CheckStatus) Event {
		return Event{Check: check, Container: container, Fact: End{Status: s}}
	}
	for name, tt := range map[string]struct {
		events []Event
		want   string
	}{
		"nothing has begun":  {nil, "still checking"},
		"one runs":           {[]Event{begin("layers", "web")}, "still checking: layers"},
		"for two containers": {[]Event{begin("layers", "a"), begin("layers", "b")}, "still checking: layers"},
		"two run": {
			[]Event{begin("signatures", "web"), begin("layers", "web")},
			"still checking: layers, signatures",
		},
		"one of them ended": {[]Event{begin("layers", "web"), begin("signatures", "web"), end("layers", "web",
			CheckDone)}, "still checking: signatures"},
		"one could not run":   {[]Event{begin("layers", "web"), end("layers", "web", CheckBlocked)}, "still checking"},
		"the answers alone":   {[]Event{begin("answers", "")}, "still checking"},
		"the answers as well": {[]Event{begin("answers", ""), begin("layers", "web")}, "still checking: layers"},
	} {
		all := fold(tt.events...).AllAnswers()
		for n, a := range all {
			if a.Question != Questions()[n] || a.Status != AnswerOpen || a.Text != tt.want {
				t.Errorf("%s: %+v, want %q", name, a, tt.want)
			}
		}
	}
	c := fold(begin("layers", "web"), Event{Fact: Answer{Question: HowIn, Status: Answered, Text: "by its own build"}})
	if a := c.AllAnswers(); a[1].Text != "by its own build" || a[0].Status != AnswerOpen || a[2].Status != AnswerOpen {
		t.Errorf("%+v", a)
	}
}
