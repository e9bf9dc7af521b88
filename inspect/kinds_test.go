package inspect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The names of the kinds stand in every saved case and in every bundle: one that changes makes older cases unreadable.
func TestTheNamesOfKindsNeverChange(t *testing.T) {
	want := map[string]string{
		"account": "Account", "clock-offset": "ClockOffset", "cluster": "ClusterIdentity", "timestamp": "Timestamp",
		"advisory": "Advisory", "alert": "Alert", "altered": "Altered", "answer": "Answer", "autorun": "Autorun",
		"begin": "Begin", "binary": "Binary", "blob": "Blob", "candidate": "Candidate", "clock": "Clock",
		"diff": "Diff", "end": "End", "exhibit": "Exhibit", "expected": "Expected", "files": "Files",
		"finding": "Finding", "gate": "Gate", "header": "Header", "image": "ImageHead", "layer": "Layer",
		"lock": "LockRow", "missing": "Missing", "moment": "Moment", "note": "Note", "notice": "Notice",
		"packages": "Packages", "pod": "Pod", "podChange": "PodChange", "progress": "Progress",
		"provenance": "Provenance", "redaction": "Redaction", "request": "Request", "reset": "Reset", "sbom": "SBOM",
		"session": "Session", "setting": "Setting", "sharing": "Sharing", "signature": "Signature",
		"store": "StoreReply", "thresholds": "Thresholds", "trust": "Trust", "vulnerability": "Vuln",
		"vulnerability-data": "VulnData",
	}
	got := map[string]string{}
	for _, f := range Kinds() {
		got[f.FactKind()] = reflect.TypeOf(f).Name()
	}
	for name, kind := range want {
		if got[name] != kind {
			t.Errorf("%q is %q, want %s", name, got[name], kind)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want[name] == "" {
			t.Errorf("%q is new: add it to this list, where it stays", name)
		}
	}
}

// No kind may be called what the head of an entry is called: its line could not be read again.
func TestNoKindIsCalledLikeAPartOfTheHead(t *testing.T) {
	b, err := json.Marshal(eventHead{Seq: 1, Time: at(1), Check: "c", Container: "w", Prev: "p"})
	if err != nil {
		t.Fatal(err)
	}
	var head map[string]any
	if err := json.Unmarshal(b, &head); err != nil {
		t.Fatal(err)
	}
	for name := range head {
		for kind := range kinds {
			if strings.EqualFold(name, kind) {
				t.Errorf("the kind %q is a part of the head", kind)
			}
		}
	}
}

// What is written of a fact reads as the same fact, with every field set and with none.
func TestEveryKindSurvivesItsJSON(t *testing.T) {
	for _, zero := range Kinds() {
		for name, f := range map[string]Fact{"empty": zero, "full": filledFact(zero).Interface().(Fact)} {
			e := Event{Seq: 7, Time: at(5), Check: "layers", Container: "web", Prev: "sha256:00", Fact: f}
			line, err := json.Marshal(e)
			if err != nil {
				t.Fatalf("%s, %s: %v", zero.FactKind(), name, err)
			}
			var back Event
			if err := json.Unmarshal(line, &back); err != nil {
				t.Fatalf("%s, %s: %v", zero.FactKind(), name, err)
			}
			if !reflect.DeepEqual(back, e) {
				t.Errorf("%s, %s: written\n%s\nread as\n%+v", zero.FactKind(), name, line, back.Fact)
			}
		}
	}
}

// Every field of every kind is written under a name of its own: two fields that share a name, as an embedded struct may
// bring them, would both vanish without an error (encoding/json).
func TestEveryFieldOfEveryKindIsWrittenAndRead(t *testing.T) {
	for _, zero := range Kinds() {
		kind := zero.FactKind()
		v := filledFact(zero)
		before, err := json.Marshal(v.Interface())
		if err != nil {
			t.Fatal(err)
		}
		eachLeaf(v, kind, func(path string, leaf reflect.Value) {
			old := reflect.ValueOf(leaf.Interface())
			defer leaf.Set(old)
			change(leaf)
			after, err := json.Marshal(v.Interface())
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(before, after) {
				t.Errorf("%s is not written", path)
				return
			}
			if back, err := decodeFact(kind, after); err != nil || !reflect.DeepEqual(back, v.Interface()) {
				t.Errorf("%s is not read back: %v", path, err)
			}
		})
	}
}

// encoding/json takes names of any case, so two names that differ in case only are one field to a reader.
func TestNamesOfFieldsDifferInMoreThanCase(t *testing.T) {
	var walk func(t *testing.T, at reflect.Type, path string)
	walk = func(t *testing.T, at reflect.Type, path string) {
		switch at.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(t, at.Elem(), path)
		case reflect.Struct:
			if at == timeType {
				return
			}
			seen := map[string]string{}
			for _, f := range reflect.VisibleFields(at) {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if f.Anonymous {
					continue
				}
				if other, twice := seen[strings.ToLower(name)]; twice || name == "" {
					t.Errorf("%s.%s is called %q, and so is %q", path, f.Name, name, other)
				}
				seen[strings.ToLower(name)] = f.Name
				walk(t, f.Type, path+"."+f.Name)
			}
		default:
		}
	}
	for _, zero := range Kinds() {
		walk(t, reflect.TypeOf(zero), zero.FactKind())
	}
}

// What a newer version recorded is counted, changes nothing else, and is written again as it came.
func TestAnUnknownKindIsKeptRaw(t *testing.T) {
	for name, line := range map[string]string{
		"an object":       `{"seq":1,"time":"2026-05-14T03:00:00Z","check":"c","container":"w","prev":"sha256:1","radar":{"b":1,"a":[2]}}`,
		"a list":          `{"seq":1,"time":null,"radar":[1,{"x":null}]}`,
		"a number":        `{"seq":1,"time":null,"radar":12345678901234567890}`,
		"null":            `{"seq":1,"time":null,"radar":null}`,
		"an empty name":   `{"seq":1,"time":null,"":{}}`,
		"a name of ours":  `{"seq":1,"time":null,"Finding":{"id":"1"}}`, // names of kinds are exact
		"a second number": `{"seq":1,"time":null,"SEQ":2}`,
	} {
		t.Run(name, func(t *testing.T) {
			var e Event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			u, unknown := e.Fact.(UnknownFact)
			if !unknown {
				t.Fatalf("it is a %T", e.Fact)
			}
			c := fold(e, e)
			if c.NotUnderstood != 2 || len(c.Images)+len(c.Findings)+len(c.Checks) != 0 {
				t.Errorf("folded to %+v", c)
			}
			if again, err := json.Marshal(e); err != nil || string(again) != line {
				t.Errorf("written again: %s, %v", again, err)
			}
			u.Raw[0] ^= 1
			if b, _ := u.MarshalJSON(); len(b) > 0 {
				b[0] ^= 1
				if u.Raw[0] == b[0] {
					t.Error("what was written shares memory with the fact")
				}
			}
		})
	}
}

// A line that is no entry is an error that names what is wrong, never a panic and never half an entry.
func TestLinesThatAreNoEntries(t *testing.T) {
	for name, tt := range map[string]struct{ line, says string }{
		"no JSON":               {`{"seq":`, "unexpected end"},
		"a list":                {`[1]`, "cannot unmarshal array"},
		"a text":                {`"seq"`, "cannot unmarshal string"},
		"two facts":             {`{"seq":1,"begin":{},"end":{}}`, "two facts"},
		"an unknown one beside": {`{"seq":1,"begin":{},"radar":{}}`, "two facts"},
		"a number below 0":      {`{"seq":-1,"begin":{}}`, "seq"},
		"a number past 64 bits": {`{"seq":18446744073709551616,"begin":{}}`, "seq"},
		"a container of parts":  {`{"seq":1,"container":["a"],"begin":{}}`, "container"},
		"a time in words":       {`{"seq":1,"time":"yesterday","begin":{}}`, "reading a time"},
		"a fact of other form":  {`{"seq":1,"finding":[]}`, `decoding a fact of kind "finding"`},
		"a field of other form": {`{"seq":1,"layer":{"number":"six"}}`, `decoding a fact of kind "layer"`},
		"a time in a fact":      {`{"seq":1,"moment":{"time":"14:09"}}`, "reading a time"},
		"a number past an int":  {`{"seq":1,"layer":{"number":1e400}}`, `decoding a fact of kind "layer"`},
	} {
		var e Event
		err := json.Unmarshal([]byte(tt.line), &e)
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want one with %q", name, err, tt.says)
		}
	}
}

// A head without a fact, and a fact that is null, are entries of nothing: they fold without effect.
func TestEntriesOfNothing(t *testing.T) {
	for _, line := range []string{`{}`, `null`, `{"seq":3,"time":null}`} {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Fact != nil {
			t.Errorf("%s: %+v, %v", line, e, err)
		}
		if c := fold(e); len(c.Events()) != 0 || !c.AsOf().IsZero() {
			t.Errorf("%s: folded to %+v", line, c)
		}
		if _, err := json.Marshal(e); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	var e Event
	if err := json.Unmarshal([]byte(`{"seq":1,"finding":null}`), &e); err != nil || !reflect.DeepEqual(e.Fact,
		Finding{}) {
		t.Errorf("a fact that is null: %+v, %v", e.Fact, err)
	}
}

// unwritable is a fact that JSON has no form for.
type unwritable struct{ Fact }

func (unwritable) FactKind() string             { return "unwritable" }
func (unwritable) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("no form") }

func TestAFactWithoutAFormIsAnError(t *testing.T) {
	_, err := json.Marshal(Event{Seq: 1, Fact: unwritable{}})
	if err == nil || !strings.Contains(err.Error(), `encoding a fact of kind "unwritable"`) {
		t.Errorf("%v", err)
	}
	if _, err := json.Marshal(Event{Seq: 1, Fact: UnknownFact{Name: "radar"}}); err == nil {
		t.Error("an unknown fact without its bytes was written")
	}
}

// Only progress is shown and not recorded: all else is a part of the chain.
func TestProgressAloneIsTransient(t *testing.T) {
	for _, f := range append(Kinds(), UnknownFact{Name: "radar"}) {
		if _, is := f.(Progress); Transient(f) != is {
			t.Errorf("%s: %v", f.FactKind(), Transient(f))
		}
	}
}

// An entry's stamp is its time; what is kept with it is kept since then, unless it already was.
func TestStamped(t *testing.T) {
	kept := func(f Fact) Time {
		switch x := (Event{Fact: f}).Stamped(at(9)).Fact.(type) {
		case Blob:
			return x.Kept
		case Exhibit:
			return x.Kept
		}
		return Time{}
	}
	for name, tt := range map[string]struct {
		fact Fact
		want Time
	}{
		"a blob that is carried":       {Blob{State: BlobCarried}, at(9)},
		"one that is damaged":          {Blob{State: BlobDamaged}, at(9)},
		"one that is missing":          {Blob{State: "missing"}, Time{}},
		"one that is left out":         {Blob{State: "left-out"}, Time{}},
		"one that was kept before":     {Blob{State: BlobCarried, Kept: at(2)}, at(2)},
		"an exhibit":                   {Exhibit{Path: "logs/a.log", Digest: "sha256:1"}, at(9)},
		"an exhibit that is missing":   {Exhibit{Path: "logs/a.log", Missing: "no access"}, Time{}},
		"an exhibit of an earlier run": {Exhibit{Path: "logs/a.log", Kept: at(2)}, at(2)},
	} {
		if got := kept(tt.fact); got != tt.want {
			t.Errorf("%s: kept since %s, want %s", name, got.Stamp(), tt.want.Stamp())
		}
	}
	if e := (Event{Time: at(1), Fact: Note{Time: at(1)}}).Stamped(at(9)); e.Time != at(9) ||
		e.Fact.(Note).Time != at(1) {
		t.Errorf("a note is stamped as %+v", e)
	}
}

// FuzzEvent reads lines of strangers. What is read can be written, draws nothing, and reads as the same entry.
func FuzzEvent(f *testing.F) {
	for _, zero := range Kinds() {
		line, err := json.Marshal(Event{
			Seq: 1, Time: at(1), Container: "web",
			Fact: filledFact(zero).Interface().(Fact),
		})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"SEQ":1,"radar":"\u202e\u001b]8;;"}`))
	f.Add([]byte(`{"seq":1,"time":"9999-12-31T23:59:59-01:00","moment":{"time":"0000-01-01T00:00:00+01:00"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var e, back Event
		if json.Unmarshal(line, &e) != nil {
			return
		}
		written, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("%q was read and cannot be written: %v", line, err)
		}
		if bytes.ContainsAny(written, "\x1b\x07\x7f\u202e\u200b\u009b\n") {
			t.Errorf("%q draws", written)
		}
		if err := json.Unmarshal(written, &back); err != nil {
			t.Fatalf("%s was written and cannot be read: %v", written, err)
		}
		again, err := json.Marshal(back)
		if err != nil || !bytes.Equal(again, written) {
			t.Errorf("written as\n%s\nand then as\n%s", written, again)
		}
		fold(e, back) // does not panic
	})
}
