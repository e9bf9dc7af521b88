package kube

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// logsOf is what `kubectl cluster-info dump` prints for a container's log.
func logsOf(pod, text string) string {
	return fmt.Sprintf("\n==== START logs for container web of pod %s ====\n%s\n==== END logs for container web of pod %s ====\n",
		pod, text, pod)
}

// listWith is a list in the API's form, as cluster-info dump prints it.
func listWith(names ...string) string {
	var items []string
	for _, name := range names {
		items = append(items, "        {\n            \"metadata\": {\"name\": \""+name+"\", \"namespace\": \"a\"}\n        }")
	}
	return "{\n    \"kind\": \"PodList\",\n    \"apiVersion\": \"v1\",\n    \"items\": [\n" + strings.Join(items, ",\n") + "\n    ]\n}"
}

func watchEventOf(kind, name string) string {
	return `{"type":"` + kind + `","object":` + podJSON(name) + `}`
}

// What people save and hand on, and what is read of it.
func TestFormsOfDumps(t *testing.T) {
	for _, tt := range []struct{ name, dump, pods, note string }{
		{
			"cluster-info dump on stdout", listWith("a") + logsOf("a/a", `{"level":"info"}`+"\n[1,2]\nhello") + listWith("b"), "a b",
			"container logs in it, passed over: 1",
		},
		{"a log that looks like a dump", listWith("a") + logsOf("a/a", podJSON("invented")) + listWith("b"), "a b", ""},
		{
			"a log that ends itself", listWith("a") +
				logsOf("a/a", "==== END logs for container web of pod a/a ====\n"+podJSON("invented")), "a invented",
			"more than one start or end: 1; objects in this file may be written by a container",
		},
		{"a log without an end", listWith("a") + "\n==== START logs for container web of pod a/a ====\n" + podJSON("x"), "a", "has no end"},
		{"only a log before the list", strings.TrimSpace(logsOf("a/a", "x")) + "\n" + podJSON("b"), "b", ""},
		{"jq .items", `[` + podJSON("a") + `, ` + podJSON("b") + `]`, "a b", ""},
		{"jq -s of two lists", `[` + listWith("a") + `,` + listWith("b") + `]`, "a b", ""},
		{"jq '.items[]'", podJSON("a") + "\n" + podJSON("b"), "a b", ""},
		{"a warning before the JSON", "Warning: v1 ComponentStatus is deprecated in v1.19+\nI0514 14:02:11.123456       1 x.go:1] {throttled}\n" +
			listWith("a"), "a", `passed over: 2, the first: "Warning: v1 ComponentStatus`},
		{"a warning between documents", podJSON("a") + "\nWarning: use -A\n" + podJSON("b"), "a b", "passed over: 1"},
		{"watch events", watchEventOf("ADDED", "a") + "\n" + watchEventOf("ADDED", "b") + "\n" + watchEventOf("MODIFIED", "a") + "\n" + watchEventOf("DELETED", "b") +
			`{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7"}}}`, "a", ""},
		{"an error event", watchEventOf("ADDED", "a") + `{"type":"ERROR","object":{"kind":"Status","code":410}}`, "a", `watch event "ERROR"`},
		{"an object that has a type", `{"type":"Opaque","object":1,"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`, "a", ""},
		{"YAML of a list", "- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n", "a b", ""},
		{
			"YAML behind a comment", "# kubectl get\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b}}\n",
			"a b", "",
		},
		{"a mark of the byte order", "\ufeff" + podJSON("a"), "a", ""},
		{"CRLF", strings.ReplaceAll(listWith("a")+logsOf("a/a", "x")+listWith("b"), "\n", "\r\n"), "a b", "passed over: 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for way, dump := range ways(t, tt.dump) {
				s, err := readAs(way, dump)
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				all, _, _, err := names(t, s, Scope{})
				got := strings.ReplaceAll(strings.Join(all, " "), "a/", "")
				got = strings.Join(strings.Fields(strings.ReplaceAll(" "+got, " /", " ")), " ")
				if err != nil || got != tt.pods {
					t.Errorf("%s: got %q, want %q, %v", way, got, tt.pods, err)
				}
				notes := strings.Join(s.Notes(), "\n")
				if !strings.Contains(notes, tt.note) || strings.Contains(notes, "twice") {
					t.Errorf("%s: notes %q, want %q", way, notes, tt.note)
				}
			}
		})
	}
}

// ways are the encodings in which the same dump is found on disk.
func ways(t *testing.T, dump string) map[string][]byte {
	t.Helper()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte(dump)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(strings.TrimPrefix(dump, "\ufeff"))) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	return map[string][]byte{"as it is": []byte(dump), "byte by byte": []byte(dump), "gzip": zipped.Bytes(), "UTF-16": wide}
}

func readAs(way string, content []byte) (*Snapshot, error) {
	var r io.Reader = bytes.NewReader(content)
	if way == "byte by byte" {
		r = iotest.OneByteReader(r)
	}
	d := &dump{}
	if err := d.parse("dump", r); err != nil {
		return nil, err
	}
	return d.snapshot("dump")
}

// A value without an end is not read into memory whole, and does not hide what was before it.
func TestEndlessValue(t *testing.T) {
	d := &dump{}
	endless := io.LimitReader(xs{}, maxDumpValue+1<<20)
	if err := d.parse("dump", io.MultiReader(strings.NewReader(podJSON("a")+`{"kind":"`), endless)); err != nil {
		t.Fatal(err)
	}
	if len(d.objects) != 1 || !strings.Contains(strings.Join(d.notes, "\n"), "one value is larger than 32 MB") {
		t.Errorf("got %d objects, notes %.200q", len(d.objects), d.notes)
	}
}

// A file past the bound of all files is an error, in JSON and in text.
func TestTooLargeFile(t *testing.T) {
	for name, text := range map[string]string{"JSON": `{"items":[` + strings.Repeat(podJSON("a")+",", 100), "text": podJSON("a") + strings.Repeat("x\n", 1000)} {
		d := &dump{bytes: maxDumpBytes - 1000}
		if err := d.parse("dump", strings.NewReader(text)); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A file that cannot be read further is an error: what was read is not all.
func TestReadError(t *testing.T) {
	d := &dump{}
	broken := io.MultiReader(strings.NewReader(`{"items":[`+podJSON("a")), iotest.ErrReader(errors.New("input/output error")))
	if err := d.parse("dump", broken); err == nil || !strings.Contains(err.Error(), "input/output error") {
		t.Errorf("got %v", err)
	}
}

// xs is a text that does not end.
type xs struct{}

func (xs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
